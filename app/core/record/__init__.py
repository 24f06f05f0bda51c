"""The flight record of a call: its entries, their short form, and replaying them."""

"""The booking ledger, offered slots, and the executor of booking commands."""

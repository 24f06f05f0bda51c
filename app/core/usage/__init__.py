"""What calls use, and what a business may use in a month."""

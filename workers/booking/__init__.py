"""What the booking tools have in common: refusals, the slot that is meant, and whom it is with."""

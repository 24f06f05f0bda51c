"""The tools of a front desk beside bookings: messages, transfers, texts."""

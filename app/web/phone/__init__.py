"""What Twilio is answered about a call after it rang: streams, transfers, colleagues."""

"""What the caller's audio holds: how loud it is, which sounds are speech, and who gives way."""

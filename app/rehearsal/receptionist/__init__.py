"""What the rehearsal model understands and says: a receptionist's dialogue policy."""

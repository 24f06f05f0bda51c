"""Every calendar adapter on a real or strict local server."""

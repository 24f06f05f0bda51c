"""A telephone on Twilio's Media Streams protocol."""

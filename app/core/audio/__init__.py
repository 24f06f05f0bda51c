"""The call on a media stream: who speaks, what was played, what the caller heard."""

"""The Realtime protocol as a server sees it: the events that clients send and receive."""

"""The console: pages for people who run the agents. `auth` signs them in."""

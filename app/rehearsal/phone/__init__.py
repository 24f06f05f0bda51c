"""A local telephone on Twilio's media streams: a handset, and a caller that speaks from files.

Rule: imports app.errors, app.protocol, app.core and libraries; nothing that belongs to the server.
"""

"""A local Realtime model and local Retell and Twilio callers, to rehearse calls with.

Rule: product parts; may import errors, protocol, core and libraries.
"""

"""Appointments: rules, slots, search, offers, the steps of a booking, and their wording."""

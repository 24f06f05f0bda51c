"""Messages for the business: what `take_message` is given, what is asked, and what is said."""

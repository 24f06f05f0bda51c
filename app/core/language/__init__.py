"""What callers say, understood: intents, dates and times, corrections, backchannels, and speech.

Rule: pure like the rest of the core; `now` is always passed in, and no text makes it raise.
"""

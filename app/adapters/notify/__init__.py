"""Ways to tell people and programs of bookings, behind one small protocol (`base.py`).

Rule: each channel is off unless its settings are given; sending is a background job's business."""

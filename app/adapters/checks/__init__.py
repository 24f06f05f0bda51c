"""What can be looked at of a deployment: a function for each part, which names cause and cure.

`python -m app doctor` looks from outside, the console's page of the doctor from inside the server.
"""

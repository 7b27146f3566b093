"""The studio: a web application that paints, on one machine or hosted for many users.

``web`` answers HTTP, ``worker`` paints, ``state`` holds the database and files; ``server`` runs the three
together, ``client`` is the HTTP client. Its dependencies come with the extra ``studio``.
"""

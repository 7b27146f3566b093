"""The studio: a web application that paints, run at home by one command or hosted for many.

``settings`` says what can be set, ``app.create_app`` makes the application, ``serve`` runs it with its
workers, ``client`` talks to one. What it needs beyond Impasto comes with the extra ``studio``.
"""

"""The studio: a web application that paints, run at home by one command or hosted for many.

``web`` answers HTTP, ``worker`` paints, ``state`` remembers; ``server`` runs the three together, ``client``
talks to one. What they need beyond Impasto comes with the extra ``studio``.
"""

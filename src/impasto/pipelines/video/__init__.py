"""Painting of films: a clip is read, its frames are painted coherently, and written with the sound."""

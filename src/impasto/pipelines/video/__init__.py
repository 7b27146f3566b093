"""Painting of films: a clip is read, its frames are painted coherently, and the film is written with
sound."""

"""The command lines of other programs."""

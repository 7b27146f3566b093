"""What paints a picture: the optimiser and the fast networks."""

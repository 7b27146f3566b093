"""Training of feed-forward networks."""

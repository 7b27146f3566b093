"""Feed-forward networks: architectures, training and export."""

"""What the network sees: feature maps, reconstructions, figures."""

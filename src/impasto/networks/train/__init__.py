"""Transformer networks (Johnson et al., 2016): their architecture and their training."""

"""The numbers of the network for any painting, which its torch and its ONNX form share."""

from __future__ import annotations

from pathlib import Path

BUNDLED = Path(__file__).parents[1] / "networks" / "data" / "any-painting.safetensors"
"""The decoder that is not refined for any style."""
LAYERS = ("relu4_1", "relu3_1", "relu2_1", "relu1_1")
"""Where features are carried over, in the order of the decoder."""
STRIDE = 8
SLOPE = 0.1
"""The share of values below zero that rectifiers let through."""
NOISE = 4
"""Channels of noise, at a quarter of the picture's size: what a flat sky is painted from."""
GRAIN = 2, 1
"""Channels of finer noise, at half the picture's size and at its whole size: what strokes are rough with."""
MARGIN = 6
"""Positions of noise beyond the picture on each side, as far as a stroke of it reaches."""
DIRECTIONS = 8
LENGTH, WIDTH = 3.0, 1.2
"""Of the noise's strokes: standard deviations along and across them, in positions of relu3_1."""
SPREAD = 2.5
"""Standard deviation of the positions over which edges agree on a direction."""
CURVE = 16
"""Positions over which directions of the noise's own change."""
FAINT = 0.5
"""An edge of this strength (variance of neighbouring features) counts half."""
PULL = 3.0
"""How much more a clear edge counts than the noise's own directions."""

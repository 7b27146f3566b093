"""The constants of the network for any painting, shared by its torch and ONNX forms."""

from __future__ import annotations

from pathlib import Path

BUNDLED = Path(__file__).parents[1] / "networks" / "data" / "any-painting.safetensors"
"""The bundled decoder, not refined for any style."""
LAYERS = ("relu4_1", "relu3_1", "relu2_1", "relu1_1")
"""The layers at which features are transported, in the decoder's order."""
STRIDE = 8
SLOPE = 0.1
"""The slope of the leaky rectifiers below zero."""
NOISE = 4
"""Channels of noise at a quarter of the picture's size; they give flat areas, such as sky, their strokes."""
GRAIN = 2, 1
"""Channels of finer noise, at half the picture's size and at its full size; they give strokes their
texture."""
MARGIN = 6
"""Positions of noise beyond the picture on each side, as far as a stroke reaches."""
DIRECTIONS = 8
LENGTH, WIDTH = 3.0, 1.2
"""Standard deviations of the noise's strokes, along and across, in positions of relu3_1."""
SPREAD = 2.5
"""Standard deviation of the Gaussian that smooths the directions of edges, in positions."""
CURVE = 16
"""The scale of the noise's own directions, in positions."""
FAINT = 0.5
"""An edge of this strength (variance of neighbouring features) counts half."""
PULL = 3.0
"""The weight of a clear edge relative to the noise's own directions."""

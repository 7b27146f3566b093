"""Videos: reading, writing, optical flow, steadiness. What paints a frame is passed in."""

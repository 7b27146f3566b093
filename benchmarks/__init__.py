"""What Impasto costs and how good it is, as ratios within one run: ``python -m benchmarks``."""

"""The package's version, for rooms that must not load the package's face."""

__version__ = "0.1.0"

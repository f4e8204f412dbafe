"""From recorded speech to a keyword spotter on a Cortex-M board. Start with ``python -m pipeline.build --help``."""

__version__ = "0.1.0"

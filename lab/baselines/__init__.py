"""The 8-bit routes that a user would otherwise take, trained and measured on the same features as our models."""

from lab.baselines.run import BaselineResult, run_baseline, write_inputs

__all__ = ["BaselineResult", "run_baseline", "write_inputs"]

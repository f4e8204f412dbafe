"""Grids of trainings, judged clip by clip: what ``python -m pipeline.experiment`` is made of."""

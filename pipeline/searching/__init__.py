"""The search for networks within a board's budget: what ``python -m pipeline.search`` is made of."""

"""Thresholds for a budget of false accepts per hour: streams to tune and test on, the search, what it gives."""

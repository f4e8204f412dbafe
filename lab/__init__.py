"""Measures the product, and is no part of it: benchmarks, fault campaigns, baselines of others, cross-validation."""

"""Benchmarks against the budgets of the design: figures to read, never tests that fail."""

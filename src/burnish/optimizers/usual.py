"""What holds where nothing else is said; commands tell it in their help, so nothing is loaded."""

CALLS = 300
"""Calls of models in all."""

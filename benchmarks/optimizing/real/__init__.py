"""Optimisers with a real model on public tasks."""

"""Explore, draft, refine with a language model, beginning from what was composed offline."""

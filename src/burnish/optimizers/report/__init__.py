"""What an optimisation came to, for people and programs."""

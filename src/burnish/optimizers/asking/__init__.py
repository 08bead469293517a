"""What a model is asked for a new candidate: one file for each question."""

"""Does it work: examples, scorers, evaluations and what they add up to."""

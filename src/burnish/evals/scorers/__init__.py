"""The scorers that Burnish brings, one file for each or for a small family."""

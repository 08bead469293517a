"""How new candidates are made of old ones."""

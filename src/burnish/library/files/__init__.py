"""The library in files: brought in from any format that is known, and written out again."""

"""The playing fields on which searches over prompts are measured, and their opponents there."""

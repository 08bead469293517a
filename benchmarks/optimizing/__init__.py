"""The playing fields on which searches over prompts are measured, and those they are measured by."""

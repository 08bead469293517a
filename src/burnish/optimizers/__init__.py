"""Make it better: a search over whole prompts that is paid in model calls."""

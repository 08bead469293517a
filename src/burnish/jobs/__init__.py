"""Long work: durable, resumable, cancellable, with progress."""

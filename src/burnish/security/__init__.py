"""Who may do what: keys that programs show to the server."""

"""The platform over HTTP: what is served, who may ask for it, and how."""

"""Requests that a program makes up, and what a server answers to them."""

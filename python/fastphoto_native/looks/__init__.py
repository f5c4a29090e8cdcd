"""A style as a file."""

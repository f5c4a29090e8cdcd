"""Bundles from weights that others trained: reading them safely, checking them, building the graphs."""

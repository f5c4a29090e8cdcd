"""Colours of photos: how far two are apart, and the classical ways to match them."""

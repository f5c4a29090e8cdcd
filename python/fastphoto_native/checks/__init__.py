"""Proofs that a model is whole and that a device does what it should."""

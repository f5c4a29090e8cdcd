"""Masks: read, made, paired and shown."""

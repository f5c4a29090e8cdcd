"""Scores of style transfer: structure, statistics, boundaries, damage, truth and steadiness in time."""

"""Many photos in one run."""

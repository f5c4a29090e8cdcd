"""The core's filters and closed-form smoothing on arrays of any usual type."""

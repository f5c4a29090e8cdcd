"""3D look-up tables: fitted, applied, read and written."""

"""The only folder that opens photo and mask files."""

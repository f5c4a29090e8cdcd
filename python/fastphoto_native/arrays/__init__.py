"""What users hand in: photos and masks as arrays."""

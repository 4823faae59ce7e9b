"""The proofs: one folder for each floor, beside the fixtures that they share."""

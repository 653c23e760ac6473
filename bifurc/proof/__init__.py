"""Proofs by interval arithmetic, and the limit of large sizes."""

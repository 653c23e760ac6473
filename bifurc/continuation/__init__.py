"""Pseudo-arclength continuation of the zeros of any gradient field."""

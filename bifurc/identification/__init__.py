"""From weight matrices to families, and back."""

"""What a family is: point sets at real sizes, blocks on them, irreps, starting patterns."""

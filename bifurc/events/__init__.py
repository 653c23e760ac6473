"""What happens along a branch: crossings, folds and branch points, found and located."""

"""The loss on a fixed-point subspace: kernels, exact derivatives, isotypic blocks."""

"""Statistics: pure functions of (reference matrix, window matrix, layout) for all slices and fields at once."""

"""Events become integer counts: the layout says which counters exist, a matrix int64[slices, columns] holds them."""

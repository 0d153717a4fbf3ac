"""Pictures as values: numbers in, SVG out; no clock, no state, no script."""

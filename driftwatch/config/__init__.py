"""The configuration file: YAML read with line numbers, all mistakes at once, and the plan that follows from it."""

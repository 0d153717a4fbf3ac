"""Readings meet rules: every slice and field gets ok, warning, drift, insufficient or learning."""

"""Counts are kept in panes of event time; frontiers close panes; windows are running sums of closed panes."""

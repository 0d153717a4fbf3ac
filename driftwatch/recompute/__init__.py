"""Counting the topics again along the journal, to prove that the live numbers are theirs (E1, E14)."""

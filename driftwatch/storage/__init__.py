"""The checkpoint: one SQLite transaction per commit holds everything; the sender's attempts live in a second file."""

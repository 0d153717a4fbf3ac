"""What the daemon shows: metrics, log lines, HTTP pages; all from one immutable snapshot per commit."""

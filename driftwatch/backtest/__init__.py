"""History replayed with changes put into it: how often would this configuration have alerted, and how fast."""

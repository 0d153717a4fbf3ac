"""Verdicts become alerts with a life, grouped into one message per model and cause, and retraining episodes."""

"""Notifications leave the outbox: signed, retried on schedule, each endpoint on its own."""

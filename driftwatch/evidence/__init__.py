"""The place of sequential evidence under a false-alert budget; nothing is decided here until that issue is built."""

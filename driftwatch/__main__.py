"""`python -m driftwatch` is the same as the command `driftwatch`."""

from driftwatch.cli import main

main()

"""`python -m unlatch.server`, where the console script is not on PATH."""

from unlatch.server.cli import main

main()

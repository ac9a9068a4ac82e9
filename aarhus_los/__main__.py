"""`python -m aarhus_los`."""

from aarhus_los.cli import main

main()

"""`python -m evalhub`: the command line."""

from evalhub.cli import main

main()

"""Run the command line as ``python -m critdamp``."""

from critdamp.cli import main

if __name__ == "__main__":
    main()

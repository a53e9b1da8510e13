"""`python -m proclivity` is the same as `proclivity`."""

from proclivity.cli import main

if __name__ == "__main__":
    main()

"""``python -m changedet``."""

from changedet.cli.app import main

if __name__ == "__main__":
    main()

"""The whole command line: the commands of the zoo, and `pinet tune`."""

# ruff: noqa: F401, I001 each import adds its commands
import zoo.cli.commands
import tuning.commands
from zoo.cli.app import main

if __name__ == "__main__":
    main()

"""``python -m rowkeep`` runs the program."""

import os
import subprocess
import sys

from rowkeep import program


def main() -> int:
    command = [program(), *sys.argv[1:]]
    if sys.platform == "win32":
        return subprocess.run(command, check=False).returncode
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main())

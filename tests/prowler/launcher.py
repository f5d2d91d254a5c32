"""Runs a command and writes what it used to a file: `launcher.py FILE COMMAND…`.

Small on purpose: the peak of the command's memory begins with that of whoever starts it.
"""

import json
import os
import sys


def main() -> None:
    """Run it."""
    report, *command = sys.argv[1:]
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    said = {
        "cpu": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would cost memory
        json.dump(said, file)


if __name__ == "__main__":
    main()

"""`python -m benchmarks`: every measurement that has a target, as one table.

Ratios and CPU time, not wall time, wherever other programs could be in the way.
"""

import argparse
import gc
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from benchmarks import against_c7n, event_cost, prowler, replaying, routing, suite
from benchmarks.report import Line, plain, table_of

#: Name → what it measures; any of them can be named on the command line.
SECTIONS: Mapping[str, Callable[[], Iterable[Line]]] = {
    "event": event_cost.lines,
    "routing": routing.lines,
    "replay": replaying.lines,
    "c7n": against_c7n.lines,
    "prowler": prowler.lines,
    "suite": suite.lines,
}


def _measured(name: str) -> list[Line]:
    # What earlier sections loaded is nothing that the collector should walk through in this one.
    gc.collect()
    gc.freeze()
    return list(SECTIONS[name]())


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table; with ``--check`` return 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], help="all by default")
    parser.add_argument("--json", type=Path, help="also write the lines to this file")
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    given = parser.parse_args(arguments)
    lines = [line for name in given.sections or SECTIONS for line in _measured(name)]
    sys.stdout.write(table_of(lines) + "\n")
    if given.json:
        given.json.write_bytes(msgspec.json.encode([plain(line) for line in lines]))
    return int(given.check and any(line.met is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())

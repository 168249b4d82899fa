"""Prints the packages that an image installs, one a line, from what the projects declare."""

import argparse
import re
import sys
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path

EXTRAS = ("cpu", "distributed", "postgres", "tracing")
"""What every image has beyond the base dependencies; an extra that an earlier version did not have adds nothing."""


def requirements(projects: Iterable[Path], extras: Collection[str], without: Collection[str]) -> list[str]:
    """The dependencies of some pyproject.toml, and those of the extras that the first of them has, in order.

    without: names of packages that are left out.
    """
    wanted: set[str] = set()
    for number, path in enumerate(projects):
        project = tomllib.loads(path.read_text())["project"]
        wanted.update(project["dependencies"])
        if number == 0:
            wanted.update(one for extra in extras for one in project["optional-dependencies"].get(extra, []))
    return sorted(one for one in wanted if _name(one) not in without)


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="+", type=Path)
    parser.add_argument("--extra", action="append", default=list(EXTRAS))
    parser.add_argument("--without", action="append", default=[])
    given = parser.parse_args()
    sys.stdout.writelines(f"{one}\n" for one in requirements(given.projects, given.extra, given.without))


if __name__ == "__main__":
    main()

"""THREATS.md promises nothing that no test holds: each of its means names one that is there."""

import re
from pathlib import Path

import pytest

from tests.processes import ROOT

TEXT = (ROOT / "THREATS.md").read_text("utf-8")
DEFENDED = TEXT.partition("## Access")[2].partition("## What is not defended")[0]
TESTS = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}


def means() -> list[str]:
    """The rows of the tables, the bullets and the paragraphs that say what is defended."""
    blocks = re.split(r"\n(?=[|-] ?|\n)", DEFENDED)
    rows = [" ".join(block.split()) for block in blocks]
    return [
        row for row in rows if row and not re.match(r"#|\|---|\| threat |The memory that callers .* bounded by$", row)
    ]


def named(row: str) -> list[str]:
    """The tests that a row names in brackets."""
    return [name for found in re.findall(r"\[([^]]*)\]", row) for name in re.findall(r"[\w/.]*test_\w+\.py", found)]


@pytest.mark.parametrize("row", means(), ids=lambda row: row[:40])
def test_each_means_names_a_test_that_is_there(row: str) -> None:
    assert named(row) or row == "- the connections and their headers, see above.", row
    for name in named(row):
        assert Path(name).name in TESTS, name
        assert "/" not in name or (ROOT / name).is_file(), name


def test_there_are_as_many_as_one_sees() -> None:
    assert len(means()) >= 30

from pathlib import Path

import pytest

from tests.training.data.made_up import put
from training.data.sources.layout import Layout, number, read_rows
from training.data.sources.pictures import Failure


def rows(path: Path, *columns: str) -> list[tuple[str, dict[str, str]] | Failure]:
    return list(read_rows(path, columns, dict))


def test_cells_by_column_with_their_line(tmp_path: Path) -> None:
    table = put(tmp_path / "t.csv", '\ufeffa, b,c\n1, "x, y",3\n\n4,,\n')
    assert rows(table, "a", "c") == [
        ("t.csv:2", {"a": "1", "b": "x, y", "c": "3"}),
        ("t.csv:4", {"a": "4", "b": "", "c": ""}),
    ]


def test_a_comma_at_the_end_of_each_line_is_no_cell(tmp_path: Path) -> None:
    table = put(tmp_path / "t.csv", "a,b,\n1,2,\n3,4\n5,6,7\n")
    assert rows(table, "a", "b") == [
        ("t.csv:2", {"a": "1", "b": "2"}),
        ("t.csv:3", {"a": "3", "b": "4"}),
        Failure("t.csv:4", "expected 2 cells, found 3"),
    ]


def test_a_broken_row_spoils_no_other(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(b'a,b\n"1,2\n3,4\n\xff\xfe,5\n6\n7,8\n')
    broken = Failure("t.csv:2", "unexpected end of data")
    found = rows(table, "a")
    assert found[0] == broken
    assert found[1] == ("t.csv:3", {"a": "3", "b": "4"})
    assert found[2] == ("t.csv:4", {"a": "\ufffd\ufffd", "b": "5"})
    assert found[3] == Failure("t.csv:5", "expected 2 cells, found 1")
    assert found[4] == ("t.csv:6", {"a": "7", "b": "8"})


@pytest.mark.parametrize("content", ["", "\n", "x,y\n"])
def test_columns_that_are_missing(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValueError, match=r"t\.csv:1: expected the columns a, b; there is no a, b"):
        rows(put(tmp_path / "t.csv", content), "a", "b")


@pytest.mark.parametrize(
    ("text", "low", "high", "message"),
    [
        ("x", 0, 1, "expected a number from 0 to 1 as a, found 'x'"),
        ("", 0, float("inf"), "expected a number from 0 as a, found ''"),
        ("nan", float("-inf"), float("inf"), "expected a number as a, found 'nan'"),
        ("2", 0, 1, "expected a number from 0 to 1 as a, found '2'"),
    ],
)
def test_a_cell_that_is_no_number_within_bounds(text: str, low: float, high: float, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        number({"a": text}, "a", low, high)


def test_a_cell_that_is_a_number() -> None:
    assert number({"a": " -0.5"}, "a", -1, 1) == -0.5


def test_every_fault_of_a_layout_is_told_at_once(tmp_path: Path) -> None:
    put(tmp_path / "there/b", "")
    layout = Layout("Faces", tmp_path)
    assert layout.find("none/b", "there/b") == tmp_path / "there/b"
    layout.check()
    assert layout.optional("c") is None
    assert layout.find("c", "d") == tmp_path / "c"
    layout.find("e")
    with pytest.raises(ValueError, match="has not the layout of Faces") as caught:
        layout.check()
    assert str(caught.value).endswith(f"there is no {tmp_path}/c or {tmp_path}/d; there is no {tmp_path}/e")

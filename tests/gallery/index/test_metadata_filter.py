"""Facts are equal where JSON is, and differ elsewhere."""

from typing import Any

import pytest

from gallery.index.metadata_filter import facts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (-0.0, 0),
        (1e3, 1000),
        ({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}),
        ("é", "\u00e9"),
        (None, None),
    ],
)
def test_what_is_equal_as_json_is_one_fact(one: Any, other: Any) -> None:
    assert facts({"key": one}) == facts({"key": other})


def test_what_differs_as_json_are_different_facts() -> None:
    values = [
        0,
        1,
        -1,
        0.5,
        True,
        False,
        None,
        "",
        "1",
        "null",
        [],
        {},
        [1],
        ["1"],
        [[1]],
        {"a": 1},
        {"a": None},
        2**53 + 1,
        2**53,
    ]
    stated = [fact for value in values for fact in facts({"key": value})]
    assert len(set(stated)) == len(values)
    assert all(-(2**63) <= fact < 2**63 for fact in stated)
    assert facts({"other": 1}) != facts({"key": 1})
    assert facts({"a": 1, "b": 2}) == [*facts({"a": 1}), *facts({"b": 2})]
    assert facts({}) == []

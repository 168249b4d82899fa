"""A column holds what a list would."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gallery.index.growing_array import Column

_STEPS = st.lists(st.none() | st.lists(st.integers(-9, 9), max_size=9), max_size=20)


@given(_STEPS)
def test_it_is_a_list(steps: list[list[int] | None]) -> None:
    """A list is added; None gives up memory. What was seen before stays as it was."""
    column, expected, seen = Column(np.dtype(np.int64)), list[int](), list[tuple[list[int], np.ndarray]]()
    for step in steps:
        if step is None:
            column.trim()
            assert len(column._room) == len(expected)
        else:
            column.extend(step)
            expected += step
        seen.append((list(expected), column.values))
        assert all(values.tolist() == then for then, values in seen)

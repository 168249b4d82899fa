"""A column holds what a list would."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gallery.index.growing_array import Column

_STEPS = st.lists(st.lists(st.integers(-9, 9), max_size=9) | st.integers(-9, 9), max_size=20)


@given(_STEPS)
def test_it_is_a_list(steps: list[list[int] | int]) -> None:
    """A list is added; a number is taken out wherever it is."""
    column, expected = Column(np.dtype(np.int64)), list[int]()
    for step in steps:
        if isinstance(step, list):
            column.extend(step)
            expected += step
        else:
            column.keep(column.values != step)
            expected = [value for value in expected if value != step]
        assert column.values.tolist() == expected

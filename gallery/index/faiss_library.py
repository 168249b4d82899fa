"""FAISS, without its type stubs: they know the C++ interface alone, not the NumPy one over it."""

from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

faiss: Any = _faiss

Numbers = NDArray[np.int64]


def selector(allowed: Numbers) -> Any:
    """What has FAISS search only among these ascending numbers."""
    bits = np.zeros(int(allowed[-1]) + 1, np.bool_)
    bits[allowed] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))

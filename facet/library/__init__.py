"""The model in a program's own process, without HTTP: what `facet.load()` gives, and what it takes and answers."""

from facet.library.drawing import Drawing, Drawings
from facet.library.facet import Facet, open_model
from facet.library.picture_result import Found
from facet.library.pictures import FaceLike, Picture

__all__ = ["Drawing", "Drawings", "FaceLike", "Facet", "Found", "Picture", "open_model"]

"""The faces that a search found, fetched in one statement that costs a search as little as can be."""

import json
from collections.abc import Mapping
from itertools import batched

from sqlalchemy import Connection

from gallery.records import EnrolledFace
from gallery.rows import moment
from model.attributes import Vector

# A search takes so little time that what SQLAlchemy does for a statement and for each value would show: this text goes
# to the driver as it is. The cast has every driver leave the JSON to us.
_FIND = (
    "SELECT counter.sequence, faces.sequence, id, subject, collection, model, CAST(metadata AS TEXT), quality, created "
    "FROM counter LEFT JOIN faces ON faces.sequence IN ({marks})"
)
_LOOKUP = 1000
"""Faces asked for in one statement; databases limit its parameters."""

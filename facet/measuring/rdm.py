"""How unlike each two faces are, attribute by attribute: representational dissimilarity matrices (RDMs)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.attributes import Attribute, Vector, distance, part
from model.errors import InvalidRequest


def rdm(embeddings: Vector, attribute: Attribute | str) -> Vector:
    """The distance of each two embeddings `(n, 99)` in an attribute, `(n, n)`: symmetric, 0 on the diagonal."""
    attribute = Attribute(attribute)
    vectors = part(np.asarray(embeddings, np.float32), attribute)
    distances = np.array(distance(attribute, vectors[:, None], vectors[None]))
    np.fill_diagonal(distances, 0.0)
    return np.asarray((distances + distances.T) / 2.0, np.float32)


def rdms(embeddings: Vector) -> dict[Attribute, Vector]:
    """The RDM of each attribute."""
    return {attribute: rdm(embeddings, attribute) for attribute in Attribute}


def upper(matrix: Vector) -> Vector:
    """The entries of an RDM `(n, n)` above the diagonal, row by row: what two RDMs are correlated by."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def rsatoolbox_dataset(embeddings: Vector, attribute: Attribute | str, names: Sequence[str], **columns: Any) -> Any:
    """An rsatoolbox `Dataset` of one attribute: an observation for each face, a channel for each of its numbers.

    `names` become the observations' descriptor `stimulus`, and each of the `columns` `(n,)` another. Raises
    InvalidRequest if rsatoolbox is not installed.
    """
    attribute = Attribute(attribute)
    return _rsatoolbox().data.Dataset(
        np.asarray(part(embeddings, attribute), np.float64),
        descriptors={"attribute": str(attribute)},
        obs_descriptors={"stimulus": list(names), **{name: list(values) for name, values in columns.items()}},
    )


def rsatoolbox_rdms(embeddings: Vector, names: Sequence[str], **columns: Any) -> Any:
    """The RDMs of all attributes as rsatoolbox has them, with the RDMs' descriptor `attribute`."""
    matrices: Mapping[Attribute, Vector] = rdms(embeddings)
    return _rsatoolbox().rdm.RDMs(
        np.stack([upper(matrix) for matrix in matrices.values()]).astype(np.float64),
        dissimilarity_measure="distance in the attribute's own space",
        rdm_descriptors={"attribute": [str(attribute) for attribute in matrices]},
        pattern_descriptors={"stimulus": list(names), **{name: list(values) for name, values in columns.items()}},
    )


def _rsatoolbox() -> Any:
    try:
        import rsatoolbox
    except ImportError as error:
        raise InvalidRequest("rsatoolbox is not installed: pip install rsatoolbox") from error
    return rsatoolbox

"""Representational dissimilarity matrices: the distances of the table of attributes, and rsatoolbox's own."""

import numpy as np
import pytest

from facet.library import Facet
from facet.measuring import rdm, rdms, rsatoolbox_dataset, rsatoolbox_rdms, upper
from model.attributes import Attribute, distance, part

NAMES = [f"face-{number}" for number in range(6)]


@pytest.mark.parametrize("attribute", list(Attribute))
def test_an_entry_is_the_distance_of_two_faces(model: Facet, attribute: Attribute) -> None:
    faces = model.sample(6, seed=4)
    matrix = rdm(faces, attribute)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert (np.diag(matrix) == 0.0).all()
    expected = [
        float(distance(attribute, part(faces[a], attribute), part(faces[b], attribute)))
        for a in range(6)
        for b in range(a + 1, 6)
    ]
    np.testing.assert_allclose(upper(matrix), expected, atol=1e-6)


def test_one_attribute_changed_changes_its_matrix_alone(model: Facet) -> None:
    faces = model.sample(6, seed=4)
    changed = faces.copy()
    part(changed, Attribute.STYLE)[...] = part(faces, Attribute.STYLE)[::-1]
    before, after = rdms(faces), rdms(changed)
    for attribute in Attribute:
        assert (before[attribute] == after[attribute]).all() == (attribute is not Attribute.STYLE)


def test_rsatoolbox_computes_the_same_from_the_dataset(model: Facet) -> None:
    rsatoolbox = pytest.importorskip("rsatoolbox", reason="rsatoolbox is not installed")
    faces = model.sample(6, seed=4)
    dataset = rsatoolbox_dataset(faces, "identity", NAMES, person=[0, 0, 1, 1, 2, 2])
    assert dataset.obs_descriptors["person"] == [0, 0, 1, 1, 2, 2]
    squared = rsatoolbox.rdm.calc_rdm(dataset, method="euclidean", descriptor="stimulus", remove_mean=False)
    # rsatoolbox gives the mean squared difference over channels; on the sphere |a - b|² is twice the cosine distance.
    channels = part(faces, Attribute.IDENTITY).shape[1]
    np.testing.assert_allclose(
        squared.dissimilarities[0] * channels / 2.0, upper(rdm(faces, Attribute.IDENTITY)), atol=1e-5
    )
    matrices = rsatoolbox_rdms(faces, NAMES)
    assert list(matrices.rdm_descriptors["attribute"]) == [str(attribute) for attribute in Attribute]
    np.testing.assert_allclose(matrices.get_matrices()[1], rdm(faces, Attribute.IDENTITY), atol=1e-6)

"""Folders of pictures and frames of videos turned into tables of faces, and what tables are compared by."""

from facet.measuring.embedder import Embedder, local, remote
from facet.measuring.measure import Measurement, measure
from facet.measuring.rdm import rdm, rdms, rsatoolbox_dataset, rsatoolbox_rdms, upper
from facet.measuring.sources import Shot, shots_in
from facet.measuring.tables import Format

__all__ = [
    "Embedder",
    "Format",
    "Measurement",
    "Shot",
    "local",
    "measure",
    "rdm",
    "rdms",
    "remote",
    "rsatoolbox_dataset",
    "rsatoolbox_rdms",
    "shots_in",
    "upper",
]

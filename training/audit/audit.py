"""A labelled folder judged by a model: `audit`."""

from dataclasses import dataclass

import numpy as np

from model.attributes import Attribute, part
from model.engine.backend import Backend, Pixels
from training.audit import duplicates as near
from training.audit import non_faces as strange
from training.audit.doubts import Doubts
from training.audit.expressions import doubt_expressions
from training.audit.findings import Finding, Kind
from training.audit.identities import doubt_identities
from training.audit.material import Material
from training.evaluation.faces import embed_all

WRONG_IDENTITY = 0.5
WRONG_EXPRESSION = 0.9
"""A label is flagged from these probabilities on: that of an expression holds for any face of such looks, and people
disagree about many of them."""


@dataclass(frozen=True)
class Audit:
    """What was found in some material."""

    findings: list[Finding]
    """By kind, the likeliest first."""
    share: float
    """The estimated share of wrong identities; NaN where none could be judged."""
    drawn: Pixels
    """What the model draws for each picture."""

    def of(self, kind: Kind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind is kind]


def audit(backend: Backend, material: Material) -> Audit:
    """Rank the pictures by how likely their labels are wrong, how alike two are, and how little they are faces.

    Pictures in which no face was found are no faces; their labels are not judged. Raises ValueError if there is no
    picture.
    """
    if not material.pictures:
        raise ValueError("there is no readable picture to audit")
    embeddings = embed_all(backend, material.crops)
    oddity = strange.strangeness(backend, material.crops, embeddings)
    names = _judged(material, [picture.identity for picture in material.pictures])
    looks = _judged(material, [picture.expression for picture in material.pictures])
    people = doubt_identities(part(embeddings, Attribute.IDENTITY), names)
    findings = _wrong(Kind.IDENTITY, material, names, people, WRONG_IDENTITY)
    expressions = doubt_expressions(part(embeddings, Attribute.EXPRESSION), looks)
    findings += _wrong(Kind.EXPRESSION, material, looks, expressions, WRONG_EXPRESSION)
    findings += _duplicates(material, near.duplicates(embeddings, material.crops))
    findings += _non_faces(material, oddity)
    return Audit(findings, people.share, oddity.drawn)


def _judged(material: Material, labels: list[str | None]) -> list[str | None]:
    return [label if found else None for label, found in zip(labels, material.found, strict=True)]


def _wrong(kind: Kind, material: Material, labels: list[str | None], doubts: Doubts, least: float) -> list[Finding]:
    findings = []
    for row in np.argsort(-doubts.wrong, kind="stable"):  # NaN comes last
        label, suggestion, probability = labels[row], doubts.nearest[row], float(doubts.wrong[row])
        if label is None or suggestion is None:
            continue
        typical = (name for name in (label, suggestion) if name in doubts.typical)
        beside = {f"typical of {name}": doubts.typical[name] for name in typical}
        path, flagged = material.pictures[row].key, probability >= least
        findings.append(Finding(kind, int(row), path, probability, flagged, label, suggestion, "", beside))
    return findings


def _duplicates(material: Material, pairs: list[near.Duplicate]) -> list[Finding]:
    findings = []
    for pair in pairs:
        first, second = material.pictures[pair.first], material.pictures[pair.second]
        note = f"nearly the same as {second.key}"
        if first.identity and second.identity and first.identity != second.identity:
            note = f"nearly the same as {second.key}, which is labelled {second.identity}"
        flagged, beside = pair.similarity >= near.FLAGGED, {second.key: pair.second}
        label = first.identity or ""
        findings.append(
            Finding(Kind.DUPLICATE, pair.first, first.key, pair.similarity, flagged, label, second.key, note, beside)
        )
    return findings


def _non_faces(material: Material, oddity: strange.Strangeness) -> list[Finding]:
    findings = []
    for row in np.lexsort((-oddity.deviation, material.found)):  # first those without a face, then the strangest
        found, score = bool(material.found[row]), float(oddity.deviation[row])
        note = f"drawn back with SSIM {oddity.similarity[row]:.2f}" if found else "no face was found"
        flagged = not found or score >= strange.FLAGGED
        picture = material.pictures[row]
        findings.append(
            Finding(Kind.NON_FACE, int(row), picture.key, score, flagged, picture.identity or "", note=note)
        )
    return findings

"""Any sequence of enrolments, deletions, searches and restarts gives what a dictionary of faces gives."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gallery.gallery import Gallery
from gallery.index import segment as segments
from gallery.index.index import IndexConfig
from gallery.query import Query, Term
from gallery.records import Amendment, EnrolledFace, NewFace
from model.attributes import Attribute, Vector, part

_SUBJECTS = st.sampled_from(["ada", "bob"])
_COLLECTIONS = st.sampled_from(["default", "other"])
_MODELS = st.sampled_from(["m1", "m2"])
_METADATA = st.fixed_dictionaries({}, optional={"a": st.sampled_from([1, 1.0, True, None]), "b": st.just([{"c": 1}])})
_SEEDS = st.integers(0, 4)

CONFIGS = (IndexConfig(), IndexConfig(to_gpu=lambda index: index))
"""Of two galleries on one store: all searches are exact, made by the processors or a device, here FAISS's own index."""


def test_the_gallery_is_a_dictionary_of_faces(
    new_url: Callable[[], str],
    embedding: Callable[[int], Vector],
    brute_force: Callable[[Iterable[EnrolledFace], Query], list[tuple[str, float]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segments, "ROWS", 8)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.url = new_url()
            self.galleries = [Gallery(self.url, None, config) for config in CONFIGS]
            self.faces: dict[str, EnrolledFace] = {}

        def teardown(self) -> None:
            for gallery in self.galleries:
                gallery.close()

        @rule(
            which=st.integers(0, 1),
            seeds=st.lists(_SEEDS, max_size=25),
            s=_SUBJECTS,
            c=_COLLECTIONS,
            m=_MODELS,
            data=_METADATA,
            q=st.sampled_from([None, 0.0, 0.3, 0.5, 0.8]),
        )
        def enrol(
            self, which: int, seeds: list[int], s: str, c: str, m: str, data: dict[str, Any], q: float | None
        ) -> None:
            new = [NewFace(s, embedding(seed), m, c, data, q) for seed in seeds]
            self.faces |= {face.id: face for face in self.galleries[which].enrol_many(new)}

        @precondition(lambda self: self.faces)
        @rule(which=st.integers(0, 1), data=st.data(), s=st.none() | _SUBJECTS, c=st.none() | _COLLECTIONS, m=_METADATA)
        def change(self, which: int, data: st.DataObject, s: str | None, c: str | None, m: dict[str, Any]) -> None:
            id = data.draw(st.sampled_from(sorted(self.faces)))
            old = self.faces.pop(id)
            self.faces[id] = self.galleries[which].change(id, Amendment(s, c, m))
            expected = replace(old, subject=s or old.subject, collection=c or old.collection, metadata=m)
            now = self.galleries[1 - which].get(id)
            assert (now.subject, now.collection, now.metadata) == (
                expected.subject,
                expected.collection,
                expected.metadata,
            )
            assert (now.embedding.tobytes(), now.created) == (old.embedding.tobytes(), old.created)

        @precondition(lambda self: self.faces)
        @rule(which=st.integers(0, 1), data=st.data())
        def delete(self, which: int, data: st.DataObject) -> None:
            id = data.draw(st.sampled_from(sorted(self.faces)))
            self.galleries[which].delete(id)
            del self.faces[id]

        @rule(which=st.integers(0, 1), s=_SUBJECTS, c=st.none() | _COLLECTIONS)
        def delete_subject(self, which: int, s: str, c: str | None) -> None:
            gone = [face.id for face in self.faces.values() if face.subject == s and c in (None, face.collection)]
            assert self.galleries[which].delete_subject(s, c).deleted == len(gone)
            for id in gone:
                del self.faces[id]

        @rule(which=st.integers(0, 1))
        def restart(self, which: int) -> None:
            self.galleries[which].close()
            self.galleries[which] = Gallery(self.url, None, CONFIGS[which])

        @rule(
            which=st.integers(0, 1),
            terms=st.lists(
                st.tuples(st.sampled_from(Attribute), _SEEDS, st.sampled_from([-1.0, 0.5, 1.0])), min_size=1, max_size=3
            ),
            k=st.integers(1, 30),
            m=_MODELS,
            filters=st.fixed_dictionaries(
                {},
                optional={
                    "collection": _COLLECTIONS,
                    "subject": _SUBJECTS,
                    "metadata": _METADATA,
                    "min_similarity": st.floats(-1, 1),
                    "min_quality": st.sampled_from([0.0, 0.3, 0.8]),
                    "max_degrees": st.sampled_from([0.0, 60.0, 120.0, 200.0]),
                    "group_by": st.just("subject"),
                },
            ),
        )
        def search(
            self,
            which: int,
            terms: list[tuple[Attribute, int, float]],
            k: int,
            m: str,
            filters: dict[str, Any],
        ) -> None:
            vectors = tuple(
                Term(attribute, part(embedding(seed), attribute), weight) for attribute, seed, weight in terms
            )
            assume("max_degrees" not in filters or sum(term.attribute is Attribute.POSE for term in vectors) < 2)
            query = Query(vectors, k, model=m, reference=embedding(0), **filters)
            found = self.galleries[which].search(query).matches
            assert [(match.face.id, match.similarity) for match in found] == brute_force(self.faces.values(), query)

        @rule(which=st.integers(0, 1), s=st.none() | _SUBJECTS, c=st.none() | _COLLECTIONS)
        def page(self, which: int, s: str | None, c: str | None) -> None:
            listed = self.galleries[which].page(subject=s, collection=c, limit=1000).faces
            there = [face for face in self.faces.values() if s in (None, face.subject) and c in (None, face.collection)]
            assert [face.id for face in listed] == [face.id for face in there]

    run_state_machine_as_test(Machine, settings=settings(max_examples=15, stateful_step_count=15, deadline=None))

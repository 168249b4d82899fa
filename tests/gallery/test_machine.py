"""Any sequence of enrolments, deletions, searches and restarts gives what a dictionary of faces gives."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gallery.gallery import Gallery
from gallery.query import Query, Term
from gallery.records import EnrolledFace, NewFace
from model.attributes import Attribute, Vector, part

_SUBJECTS = st.sampled_from(["ada", "bob"])
_COLLECTIONS = st.sampled_from(["default", "other"])
_MODELS = st.sampled_from(["m1", "m2"])
_SEEDS = st.integers(0, 4)


def test_the_gallery_is_a_dictionary_of_faces(
    embedding: Callable[[int], Vector], brute_force: Callable[[Iterable[EnrolledFace], Query], list[tuple[str, float]]]
) -> None:
    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp())
            self.url = f"sqlite:///{self.folder / 'gallery.db'}"
            self.galleries = [Gallery(self.url), Gallery(self.url)]
            self.faces: dict[str, EnrolledFace] = {}

        def teardown(self) -> None:
            for gallery in self.galleries:
                gallery.close()
            shutil.rmtree(self.folder)

        @rule(which=st.integers(0, 1), seeds=st.lists(_SEEDS, max_size=25), s=_SUBJECTS, c=_COLLECTIONS, m=_MODELS)
        def enrol(self, which: int, seeds: list[int], s: str, c: str, m: str) -> None:
            new = [NewFace(s, embedding(seed), m, c) for seed in seeds]
            self.faces |= {face.id: face for face in self.galleries[which].enrol_many(new)}

        @precondition(lambda self: self.faces)
        @rule(which=st.integers(0, 1), data=st.data())
        def delete(self, which: int, data: st.DataObject) -> None:
            id = data.draw(st.sampled_from(sorted(self.faces)))
            self.galleries[which].delete(id)
            del self.faces[id]

        @rule(which=st.integers(0, 1), s=_SUBJECTS, c=st.none() | _COLLECTIONS)
        def delete_subject(self, which: int, s: str, c: str | None) -> None:
            gone = [face.id for face in self.faces.values() if face.subject == s and c in (None, face.collection)]
            assert self.galleries[which].delete_subject(s, c) == len(gone)
            for id in gone:
                del self.faces[id]

        @rule(which=st.integers(0, 1))
        def restart(self, which: int) -> None:
            self.galleries[which].close()
            self.galleries[which] = Gallery(self.url)

        @rule(
            which=st.integers(0, 1),
            terms=st.lists(
                st.tuples(st.sampled_from(Attribute), _SEEDS, st.sampled_from([-1.0, 0.5, 1.0])), min_size=1, max_size=3
            ),
            k=st.integers(1, 30),
            s=st.none() | _SUBJECTS,
            c=st.none() | _COLLECTIONS,
            m=_MODELS,
            least=st.none() | st.floats(-1, 1),
        )
        def search(
            self,
            which: int,
            terms: list[tuple[Attribute, int, float]],
            k: int,
            s: str | None,
            c: str | None,
            m: str,
            least: float | None,
        ) -> None:
            vectors = tuple(
                Term(attribute, part(embedding(seed), attribute), weight) for attribute, seed, weight in terms
            )
            query = Query(vectors, k, collection=c, subject=s, model=m, min_similarity=least)
            found = self.galleries[which].search(query).matches
            assert [(match.face.id, match.similarity) for match in found] == brute_force(self.faces.values(), query)

        @rule(which=st.integers(0, 1), s=st.none() | _SUBJECTS, c=st.none() | _COLLECTIONS)
        def page(self, which: int, s: str | None, c: str | None) -> None:
            listed = self.galleries[which].page(subject=s, collection=c, limit=1000).faces
            there = [face for face in self.faces.values() if s in (None, face.subject) and c in (None, face.collection)]
            assert [face.id for face in listed] == [face.id for face in there]

    run_state_machine_as_test(Machine, settings=settings(max_examples=15, stateful_step_count=15, deadline=None))

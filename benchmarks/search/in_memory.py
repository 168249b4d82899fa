"""What the gallery itself takes at size: to enrol, to start, to make its approximate indexes, and in memory."""

import os
import time
from itertools import chain, cycle
from pathlib import Path
from threading import Event, Thread

import numpy as np

from benchmarks.search.workload import BATCH, batches, one_attribute, queries
from gallery.gallery import Gallery
from gallery.index.index import IndexConfig
from model.attributes import SPACES

PAUSE_SECONDS = 20.0


def enrolment(url: str, snapshot: Path, faces: int) -> float:
    """Enrol everything and write the snapshot; gives the faces enrolled in a second."""
    gallery, seconds = Gallery(url, snapshot), 0.0
    for new in batches(faces):
        start = time.perf_counter()
        gallery.enrol_many(new)
        seconds += time.perf_counter() - start
    gallery.close()
    return faces / seconds


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def start(url: str, snapshot: Path) -> tuple[float, int]:
    """Seconds to open a gallery from its snapshot, and the bytes of memory that it then holds."""
    before, begun = resident(), time.perf_counter()
    gallery = Gallery(url, snapshot)
    taken, held = time.perf_counter() - begun, resident() - before
    gallery.close()
    return taken, held


def pauses(url: str, snapshot: Path) -> tuple[float, float]:
    """The median and the longest search, in milliseconds, while faces are enrolled and erased and snapshots written."""
    gallery, done = Gallery(url, snapshot), Event()
    new = chain.from_iterable(batches(BATCH))

    def write() -> None:
        for place, face in enumerate(cycle(list(new))):
            if done.is_set():
                return
            enrolled = gallery.enrol(face)
            if place % 2:
                gallery.delete(enrolled.id)

    def snapshots() -> None:
        while not done.wait(1.0):
            gallery.save()

    threads = [Thread(target=write), Thread(target=snapshots)]
    for thread in threads:
        thread.start()
    seconds, asked, end = list[float](), cycle(queries(100)), time.perf_counter() + PAUSE_SECONDS
    while (begun := time.perf_counter()) < end:
        gallery.search(one_attribute(*next(asked)))
        seconds.append(time.perf_counter() - begun)
    done.set()
    for thread in threads:
        thread.join()
    gallery.close()
    return 1000 * float(np.median(seconds)), 1000 * max(seconds)


def approximate(url: str, snapshot: Path) -> tuple[Gallery, list[str]]:
    """The gallery with its approximate indexes made, and the rows of a table."""
    gallery, begun = Gallery(url, snapshot, IndexConfig(approximate_from=1)), time.perf_counter()
    while len(gallery.recall()) < sum(space.unit for space in SPACES.values()):
        time.sleep(0.1)
    made, recall = time.perf_counter() - begun, gallery.recall()
    return gallery, [
        f"| approximate indexes made | {made:.1f} s |",
        *(f"| measured recall@10, {name} | {share:.3f} |" for name, share in recall.items()),
    ]

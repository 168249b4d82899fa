"""The data sets that can be read, by name."""

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from training.data.sources.affectnet import read_affectnet
from training.data.sources.celeba import read_celeba
from training.data.sources.cfp import read_cfp
from training.data.sources.folder import read_folder
from training.data.sources.lfw import read_lfw
from training.data.sources.pictures import Failure, Picture
from training.data.sources.unnamed import read_unnamed
from training.data.sources.utkface import read_utkface
from training.data.sources.vggface2 import read_vggface2
from training.data.sources.voxceleb import read_voxceleb

Reader = Callable[[Path], Iterator[Picture | Failure]]

READERS: dict[str, Reader] = {
    "affectnet": read_affectnet,
    "celeba": read_celeba,
    "cfp": read_cfp,
    "folder": read_folder,
    "lfw": read_lfw,
    "unnamed": read_unnamed,
    "utkface": read_utkface,
    "vggface2": read_vggface2,
    "voxceleb": read_voxceleb,
}


def left_out(path: Path) -> set[str]:
    """Keys that must not be prepared, from the last column of a tab-separated file, with and without their suffixes."""
    names = [line.rpartition("\t")[2].strip() for line in path.read_text().splitlines()]
    return {form for name in names if name for form in (name, name.split(".")[0])}


def without(read: Iterable[Picture | Failure], keys: Collection[str]) -> Iterator[Picture | Failure]:
    """What was read; pictures of some keys become Failures."""
    for item in read:
        out = isinstance(item, Picture) and item.key in keys
        yield Failure(item.key, "it is to be left out") if out else item


def unique(read: Iterable[Picture | Failure]) -> Iterator[Picture | Failure]:
    """What was read; a picture whose key was there before is a Failure."""
    seen: set[str] = set()
    for item in read:
        if isinstance(item, Picture) and item.key in seen:
            yield Failure(item.key, f"a second picture of this name: {item.path}")
        else:
            seen.add(item.key)
            yield item

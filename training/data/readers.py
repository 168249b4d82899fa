"""The data sets that can be read, by name."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from training.data.affectnet import read_affectnet
from training.data.celeba import read_celeba
from training.data.folder import read_folder
from training.data.lfw import read_lfw
from training.data.pictures import Failure, Picture
from training.data.utkface import read_utkface
from training.data.vggface2 import read_vggface2
from training.data.voxceleb import read_voxceleb

Reader = Callable[[Path], Iterator[Picture | Failure]]

READERS: dict[str, Reader] = {
    "affectnet": read_affectnet,
    "celeba": read_celeba,
    "folder": read_folder,
    "lfw": read_lfw,
    "utkface": read_utkface,
    "vggface2": read_vggface2,
    "voxceleb": read_voxceleb,
}


def unique(read: Iterable[Picture | Failure]) -> Iterator[Picture | Failure]:
    """What was read; a picture whose key was there before is a Failure."""
    seen: set[str] = set()
    for item in read:
        if isinstance(item, Picture) and item.key in seen:
            yield Failure(item.key, f"a second picture of this name: {item.path}")
        else:
            seen.add(item.key)
            yield item

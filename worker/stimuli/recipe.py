"""What a set of stimuli is made from, as a JSON file from which the same pictures come again."""

import json
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model.errors import InvalidRequest
from worker.stimuli.average import Average
from worker.stimuli.caricature import Caricature
from worker.stimuli.continuum import Continuum
from worker.stimuli.controversial import Controversial
from worker.stimuli.factorial import Factorial
from worker.stimuli.ratings import Along
from worker.stimuli.reverse_correlation import Classification, NoisePairs
from worker.stimuli.stimulus import Kind

K = TypeVar("K", bound=Kind)

AnyKind = Annotated[
    Average | Along | Caricature | Classification | Continuum | Controversial | Factorial | NoisePairs,
    Field(discriminator="kind"),
]


class Recipe(BaseModel):
    """A kind of set with its faces and numbers, and the model that draws it.

    It holds the embeddings of the faces that were given: of photographs, they are biometric data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str
    """The version of Facet that drew it first."""
    model: str
    stimuli: AnyKind

    @classmethod
    def of(cls, kind: Kind, version: str, model: str) -> Self:
        """The recipe of a kind that a model draws."""
        return cls.model_validate({"facet": version, "model": model, "stimuli": kind})

    @classmethod
    def parsed(cls, value: object) -> Self:
        """The recipe in a value of JSON. Raises InvalidRequest with what is wrong in it."""
        try:
            return cls.model_validate_json(json.dumps(value))
        except ValidationError as error:
            raise InvalidRequest(f"This is no recipe: {sentence(error)}.") from error

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The recipe in a file. Raises InvalidRequest with what is wrong in it."""
        try:
            return cls.model_validate_json(Path(path).read_bytes())
        except ValidationError as error:
            raise InvalidRequest(f"{path} is no recipe: {sentence(error)}.") from error
        except OSError as error:
            raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from error

    def text(self) -> str:
        """What a file has."""
        return self.model_dump_json(indent=1) + "\n"

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_text(self.text(), "utf-8")


def made(kind: type[K], **fields: object) -> K:
    """A kind with its fields. Raises InvalidRequest with what is wrong with them."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(f"{sentence(error)}.") from error


def sentence(error: ValidationError) -> str:
    """The first findings of a validation, in a line."""
    findings = error.errors(include_url=False, include_context=False, include_input=False)[:3]
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in findings)

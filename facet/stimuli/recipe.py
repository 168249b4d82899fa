"""What a set of stimuli is made from, as a JSON file from which the same pictures come again."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facet import __version__
from facet.stimuli.average import Average
from facet.stimuli.caricature import Caricature
from facet.stimuli.continuum import Continuum
from facet.stimuli.controversial import Controversial
from facet.stimuli.factorial import Factorial
from facet.stimuli.ratings import Along
from facet.stimuli.reverse_correlation import NoisePairs
from model.errors import InvalidRequest

AnyKind = Annotated[
    Average | Along | Caricature | Continuum | Controversial | Factorial | NoisePairs, Field(discriminator="kind")
]


class Recipe(BaseModel):
    """A kind of set with its faces and numbers, and the model that draws it.

    It holds the embeddings of the faces that were given: of photographs, they are biometric data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str = __version__
    model: str
    stimuli: AnyKind

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The recipe in a file. Raises InvalidRequest with what is wrong in it."""
        try:
            return cls.model_validate_json(Path(path).read_bytes())
        except ValidationError as error:
            raise InvalidRequest(f"{path} is no recipe: {sentence(error)}.") from error
        except OSError as error:
            raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from error

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_text(self.model_dump_json(indent=1) + "\n", "utf-8")


def sentence(error: ValidationError) -> str:
    """The first findings of a validation, in a line."""
    findings = error.errors(include_url=False, include_context=False, include_input=False)[:3]
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in findings)

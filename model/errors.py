"""The failures that a caller can do something about, each with a stable code.

They are raised low and translated to HTTP in one table high (`service/problems.py`). They cross process boundaries
as data: `to_data` and `from_data`.
"""

from typing import Any, ClassVar


class FacetError(Exception):
    """A failure with a stable `code` and a message that tells the caller what to do."""

    code: ClassVar[str] = "internal"
    _by_code: ClassVar[dict[str, type["FacetError"]]] = {}

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        """JSON-ready facts beside the message, such as the limit that was passed."""

    def __init_subclass__(cls) -> None:
        if "code" in vars(cls):  # a finer kind of an error crosses processes as that error
            FacetError._by_code[cls.code] = cls

    def to_data(self) -> dict[str, Any]:
        """The error as plain data that any serialiser can carry."""
        return {"code": self.code, "message": self.message, "details": self.details}

    @staticmethod
    def from_data(data: dict[str, Any]) -> "FacetError":
        """The opposite of `to_data`; an unknown code gives a plain FacetError."""
        return FacetError._by_code.get(data["code"], FacetError)(data["message"], **data["details"])


class NoFace(FacetError):
    """No face was found in a picture."""

    code = "no_face"


class UnreadableImage(FacetError):
    """The bytes claim to be a picture but cannot be decoded."""

    code = "unreadable_image"


class UnsupportedImage(FacetError):
    """The bytes are not one of the accepted picture formats."""

    code = "unsupported_image"


class ImageTooLarge(FacetError):
    """The picture has more bytes or pixels than the limit."""

    code = "image_too_large"


class ImageTooSmall(FacetError):
    """The picture is too small to hold a face."""

    code = "image_too_small"


class LowQuality(FacetError):
    """A face of less quality than was asked for; `details` has it, its parts, and the lowest of them."""

    code = "low_quality"


class InvalidEmbedding(FacetError):
    """An embedding has a wrong size, a number that is not finite, or a part without direction."""

    code = "invalid_embedding"


class UnknownAttribute(FacetError):
    """An attribute name that is none of the four."""

    code = "unknown_attribute"


class ImpossibleEdit(FacetError):
    """An edit that names a source, preset or angle that does not exist."""

    code = "impossible_edit"


class InvalidRequest(FacetError):
    """A request whose fields are missing, malformed or contradict each other."""

    code = "invalid_request"


class TooLarge(FacetError):
    """A request body or a list in it is larger than the limit."""

    code = "too_large"


class UnreadableFile(FacetError):
    """A file of an import is damaged, cut off, encrypted, or no plain file."""

    code = "unreadable_file"


class ArchiveBomb(FacetError):
    """An archive has more entries, or unfolds into more bytes, than the limits let it."""

    code = "archive_bomb"


class NotFound(FacetError):
    """No such face, subject, collection or job."""

    code = "not_found"


class Busy(FacetError):
    """The queue is full; `details["retry_after"]` says in how many seconds to try again."""

    code = "busy"


class Unavailable(FacetError):
    """A part of the service is starting, stopping or lost."""

    code = "unavailable"


class CrashedWorker(FacetError):
    """A request that ended the worker process that took it up, and the next one too."""

    code = "crashed_worker"


class Unauthorized(FacetError):
    """No API key came with a request that needs one, or one that does not hold."""

    code = "unauthorized"


class Forbidden(FacetError):
    """The key, or the place that the request comes from, may not do this."""

    code = "forbidden"


class RateLimited(FacetError):
    """A key asked for more than its rate; `details["retry_after"]` says in how many seconds to try again."""

    code = "rate_limited"


class TooSlow(FacetError):
    """A request or a picture took longer to be read than the limit."""

    code = "too_slow"


class StorageFull(FacetError):
    """There is no room to write; what is stored can still be read."""

    code = "storage_full"


class InvalidCheckpoint(FacetError):
    """A model file is damaged, foreign, or does not match its hash."""

    code = "invalid_checkpoint"

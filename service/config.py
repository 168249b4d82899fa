"""The configuration of the HTTP service, as one frozen value."""

from dataclasses import dataclass, fields
from pathlib import Path

from gallery.jobs.import_source import Limits
from model.errors import InvalidRequest


@dataclass(frozen=True)
class ServiceConfig:
    """The limits of a request, where jobs keep their files, and what enrolment keeps.

    Raises InvalidRequest for a limit below 1.
    """

    max_image_bytes: int = 10 * 2**20
    """Size of one picture as sent."""
    max_body_bytes: int = 64 * 2**20
    """Size of a whole request body; JSON and the text fields of a form must fit `max_text_bytes`."""
    max_text_bytes: int = 2**20
    """Size of a JSON body, or of one text field."""
    max_images: int = 32
    """Pictures in one request."""
    max_faces: int = 100
    """Faces that may be asked for in one picture."""
    max_edits: int = 64
    """Changes in one edit."""
    max_generate: int = 64
    """Faces drawn by one request."""
    max_k: int = 1000
    """Results of one search."""
    max_queries: int = 100
    """Queries of one batch."""
    max_page: int = 1000
    """Faces on one page of a listing."""
    max_archive_bytes: int = 10 * 2**30
    """Size of an archive of pictures."""
    max_archive_entries: int = Limits.max_entries
    """Entries of an archive."""
    max_unpacked_bytes: int = Limits.max_unpacked_bytes
    """What the files of an archive may have together."""
    max_archive_ratio: int = Limits.max_ratio
    """Unpacked bytes for each byte of an archive."""
    max_grouped: int = 100_000
    """Faces of a collection that is grouped."""
    jobs_dir: Path = Path("data/jobs")
    """Where what jobs work on lies until they are done."""
    runs_jobs: bool = True
    """Work on jobs in this process; else a worker of the queue `jobs` does, which shares `jobs_dir`."""
    max_jobs: int = 100
    """Jobs of one collection that may wait at a time; all are worked on one after the other."""
    max_job_days: int = 30
    """Days after its end when a job is forgotten, with what failed in it and the groups that it found."""
    max_body_seconds: int = 60
    """Seconds in which a caller must have sent a whole body, pictures and all; of an archive, each megabyte."""
    max_held_bytes: int = 256 * 2**20
    """Bytes that the bodies of all requests under way may have together; one body always may."""
    max_concurrent: int = 256
    """Requests under way at a time, of which a quarter may send archives or follow jobs."""
    max_requests: int = 1200
    """Requests a minute of one API key that has no rate of its own."""
    keep_crops: bool = False
    """Keep the aligned crop of each enrolled face; by default only embeddings are kept."""

    def __post_init__(self) -> None:
        for name, limit in self.limits.items():
            if limit < 1:
                raise InvalidRequest(f"{name} is {limit}; a limit must be at least 1.")

    @property
    def limits(self) -> dict[str, int]:
        """Every limit by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name.startswith("max_")}

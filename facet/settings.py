"""Every setting of the service, read from FACET_* variables; the environment is read here alone."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from pydantic import Field, FilePath, PositiveInt, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.engine.backend import Precision
from model.errors import InvalidRequest
from model.networks.detector_cells import SMALLEST_FACE, SMALLEST_POSSIBLE
from service.config import ServiceConfig

PREFIX = "FACET_"


class Settings(BaseSettings):
    """What `facet serve` runs on. A field `name` is the variable FACET_NAME; empty variables count as unset."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    data_dir: Path = Field(Path("data"), description="where the gallery's database lies")
    model: str = Field("", description="a checkpoint's path, or `dummy`; the bundled weights if unset")
    device: str = Field("auto", description="auto, cpu, cuda or cuda:<number>")
    precision: Precision = Field(
        "auto",
        description="what the networks compute in: float32, bfloat16, float16, int8 (a processor reads in it), or the "
        "best that the device is fast at",
    )
    detector: Literal["facet", "yunet", "haar"] | None = Field(
        None, description="what finds faces: facet, yunet or haar; if unset what the detector's file is, else facet"
    )
    detector_model: FilePath | None = Field(
        None, description="its file: YuNet's ONNX file, or one of `facet train detector`; the bundled one if unset"
    )
    smallest_face: float = Field(
        SMALLEST_FACE,
        ge=SMALLEST_POSSIBLE,
        le=0.5,
        description="width of the smallest face that is looked for, over the picture's longer side; half of it takes "
        "four times as long where not enough larger ones are found",
    )
    any_angle: bool = Field(
        False, description="look for faces at any angle in the plane, upside down too, which takes four times as long"
    )
    database_url: str | None = Field(None, description="the gallery's database; SQLite in the data directory if unset")
    inference: Literal["local", "celery"] = Field("local", description="where the model runs: in this process or not")
    search: Literal["local", "celery", "milvus"] = Field(
        "local", description="where faces are found: in this process, in search workers, or in Milvus"
    )
    redis_url: str = Field("redis://127.0.0.1:6379/0", description="the broker of what is done by `celery`")
    milvus_uri: str = Field(
        "http://127.0.0.1:19530", description="where Milvus is; for Milvus Lite a path that ends in `.db`"
    )
    milvus_token: str = Field("", description="`user:password` or the API key that Milvus wants, if any")
    faiss_device: str = Field(
        "cpu", pattern=r"^(cpu|gpu(:\d{1,3})?)$", description="where the search indexes live: cpu, gpu or gpu:<number>"
    )
    vector_keys: FilePath | None = Field(
        None, description="file of the keys that seal embeddings and pictures in the database; not sealed if unset"
    )
    insecure: bool = Field(False, description="let others than this machine in while there are no API keys")
    cors_origins: str = Field("", description="origins of web pages that may use the service, separated by spaces")
    runs_jobs: bool = Field(True, description="whether imports run in this process, or in a worker of the queue `jobs`")
    approximate_from: PositiveInt | None = Field(
        None, description="faces from which searches are approximate, their recall in GET /model; unset: never"
    )
    keep_crops: bool = Field(False, description="keep the aligned crop of each enrolled face")
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field("info", description="what is logged")
    log_format: Literal["text", "json"] = Field("text", description="how: lines for people, or JSON for machines")
    traces: Literal["none", "console", "otlp"] = Field("none", description="where OpenTelemetry's spans go")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="where a worker shows its metrics; none if unset"
    )

    max_image_bytes: PositiveInt = Field(ServiceConfig.max_image_bytes, description="bytes of one picture")
    max_image_pixels: PositiveInt = Field(40_000_000, description="pixels of one picture")
    max_decoding_pixels: PositiveInt = Field(
        40_000_000, description="pixels of all pictures that are decoded at a time; a larger one is decoded alone"
    )
    max_decode_seconds: PositiveInt = Field(5, description="seconds that the decoding of one picture may take")
    max_body_bytes: PositiveInt = Field(ServiceConfig.max_body_bytes, description="bytes of a request body")
    max_text_bytes: PositiveInt = Field(ServiceConfig.max_text_bytes, description="bytes of a JSON body or text field")
    max_images: PositiveInt = Field(ServiceConfig.max_images, description="pictures in one request")
    max_faces: PositiveInt = Field(ServiceConfig.max_faces, description="faces returned of one picture")
    max_edits: PositiveInt = Field(ServiceConfig.max_edits, description="changes in one edit")
    max_generate: PositiveInt = Field(ServiceConfig.max_generate, description="faces drawn by one request")
    max_k: PositiveInt = Field(ServiceConfig.max_k, description="results of one search")
    max_queries: PositiveInt = Field(ServiceConfig.max_queries, description="queries of one batch")
    max_page: PositiveInt = Field(ServiceConfig.max_page, description="faces on one page of a listing")
    max_archive_bytes: PositiveInt = Field(ServiceConfig.max_archive_bytes, description="bytes of an archive to import")
    max_archive_entries: PositiveInt = Field(ServiceConfig.max_archive_entries, description="entries of an archive")
    max_unpacked_bytes: PositiveInt = Field(
        ServiceConfig.max_unpacked_bytes, description="bytes of all files of an archive together"
    )
    max_archive_ratio: PositiveInt = Field(
        ServiceConfig.max_archive_ratio, description="unpacked bytes for each byte of an archive"
    )
    max_grouped: PositiveInt = Field(ServiceConfig.max_grouped, description="faces of a collection that is grouped")
    max_jobs: PositiveInt = Field(ServiceConfig.max_jobs, description="jobs of one collection that may wait at a time")
    max_job_days: PositiveInt = Field(ServiceConfig.max_job_days, description="days that an ended job is kept")
    max_body_seconds: PositiveInt = Field(
        ServiceConfig.max_body_seconds,
        description="seconds in which a caller must have sent a whole body, or each megabyte of an archive, and in "
        "which a part of an answer must be taken",
    )
    max_held_bytes: PositiveInt = Field(
        ServiceConfig.max_held_bytes, description="bytes of the bodies of all requests under way"
    )
    max_concurrent: PositiveInt = Field(
        ServiceConfig.max_concurrent,
        description="requests under way at a time, of which a quarter may send archives or follow jobs",
    )
    max_requests: PositiveInt = Field(ServiceConfig.max_requests, description="requests a minute of one API key")
    max_batch: PositiveInt = Field(64, description="faces that go through the networks at once")
    max_device_bytes: PositiveInt | None = Field(
        None, description="bytes of a GPU's memory that the networks may take; all that there is if unset"
    )
    max_queue: PositiveInt = Field(256, description="faces that may wait for the networks; beyond it the answer is 503")
    max_queue_bytes: PositiveInt = Field(
        256 * 2**20, description="bytes of calls of this process that may wait in Redis; beyond it the answer is 503"
    )
    max_stuck: PositiveInt = Field(120, description="seconds of one batch after which the process starts itself anew")
    max_drain: PositiveInt = Field(30, description="seconds that running requests have to end when the service stops")
    max_connections: PositiveInt = Field(1000, description="connections at a time; beyond it new ones are closed")
    max_header_seconds: PositiveInt = Field(10, description="seconds in which a caller must have sent the headers")
    max_wait: PositiveInt = Field(30, description="seconds in which the model or a worker must have answered")

    @field_validator("model")
    @classmethod
    def _model_exists(cls, model: str) -> str:
        if model not in ("", "dummy") and not Path(model).exists():
            raise ValueError(f"there is no model file {model!r}")
        return model

    @field_validator("detector_model")
    @classmethod
    def _detector_has_a_file(cls, file: Path | None, before: ValidationInfo) -> Path | None:
        if file is not None and before.data.get("detector") == "haar":
            raise ValueError("the cascades of FACET_DETECTOR=haar have no file; leave one of the two settings out")
        return file

    @field_validator("any_angle")
    @classmethod
    def _landmarks_say_which_way_up(cls, any_angle: bool, before: ValidationInfo) -> bool:
        if any_angle and before.data.get("detector") == "haar":
            raise ValueError("the cascades of FACET_DETECTOR=haar see no landmarks, which say which way up a face is")
        return any_angle

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings of the environment; what is given and not None goes before it.

        What neither has is read from files in FACET_SECRETS_DIR, such as `facet_database_url`, if that is set.
        Raises InvalidRequest with one line that names every setting that is wrong.
        """
        try:
            named = {name: value for name, value in given.items() if value is not None}
            return cls(**named | {"_secrets_dir": os.environ.get(f"{PREFIX}SECRETS_DIR")})
        except ValidationError as error:
            wrong = [f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()]
            raise InvalidRequest("; ".join(wrong)) from error

    @property
    def gallery_url(self) -> str:
        """The database that the gallery opens."""
        url = self.database_url or f"sqlite:///{self.data_dir.absolute() / 'facet.db'}"
        if self.vector_keys is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}vector_keys={quote(str(self.vector_keys.absolute()))}"

    @property
    def snapshot(self) -> Path:
        """The file from which the gallery's index starts."""
        return self.data_dir.absolute() / "index.snapshot"

    @property
    def jobs_dir(self) -> Path:
        """Where what jobs work on lies until they are done."""
        return self.data_dir / "jobs"

    @property
    def service(self) -> ServiceConfig:
        """The part that the HTTP service needs to be told."""
        return ServiceConfig(**{field.name: getattr(self, field.name) for field in fields(ServiceConfig)})

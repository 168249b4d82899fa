"""Streams an uploaded archive to the disk, never whole in memory."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from model.errors import InvalidRequest, StorageFull, TooLarge
from service.body.request_body import FORM, limited
from service.config import ServiceConfig

FIELD = "archive"
ARCHIVE_TYPES = (
    "application/zip",
    "application/x-tar",
    "application/gzip",
    "application/x-gzip",
    "application/octet-stream",
)
_CHUNK = 2**20


async def save_archive(request: Request, to: Path, config: ServiceConfig) -> None:
    """Write the archive that a request brings, as its body or as the field `archive` of a form, to a file.

    Raises TooLarge, InvalidRequest where there is none, HTTPException 415 for another content type, and StorageFull
    where the disk has no room.
    """
    media_type = parse_options_header(request.headers.get("content-type"))[0].decode("latin-1").strip().lower()
    limit = config.max_archive_bytes
    too_large = TooLarge(f"The archive has more than {limit} bytes; send it in parts.", max_archive_bytes=limit)
    async with aclosing(limited(request, limit, too_large)) as chunks:
        try:
            if media_type == FORM:
                await _from_form(request, chunks, to)
            elif media_type in ARCHIVE_TYPES:
                await _from_body(chunks, to)
            else:
                accepted = f"{FORM} with the file `{FIELD}`, or the archive itself as {', '.join(ARCHIVE_TYPES)}"
                raise HTTPException(415, f"Send {accepted}, not {media_type or 'bytes without a content type'}.")
        except OSError as error:
            raise StorageFull(f"The archive cannot be kept: {error.strerror or error}.") from error
    if not to.stat().st_size:
        raise InvalidRequest("The archive is empty.")


async def _from_body(chunks: AsyncGenerator[bytes, None], to: Path) -> None:
    with to.open("wb") as file:
        waiting = bytearray()
        async for chunk in chunks:
            waiting += chunk
            if len(waiting) >= _CHUNK:
                await run_in_threadpool(file.write, bytes(waiting))
                waiting.clear()
        file.write(waiting)


async def _from_form(request: Request, chunks: AsyncGenerator[bytes, None], to: Path) -> None:
    try:
        form = await MultiPartParser(request.headers, chunks, max_files=1, max_fields=0).parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The multipart body cannot be read: {error.message}") from error
    try:
        upload = form.get(FIELD)
        if not isinstance(upload, UploadFile):
            raise InvalidRequest(f"The form has no file {FIELD!r}.")
        with to.open("wb") as file:
            await run_in_threadpool(shutil.copyfileobj, upload.file, file, _CHUNK)
    finally:
        await form.close()

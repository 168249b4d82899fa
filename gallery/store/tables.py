"""The tables of the store."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from gallery.limits import MAX_COLLECTION, MAX_MODEL, MAX_SUBJECT
from gallery.store.encryption import Sealed

# SQLite gives its fast row key to a column of exactly the type INTEGER, which there has 64 bits.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

tables = MetaData()

faces = Table(
    "faces",
    tables,
    Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False, unique=True),
    Column("subject", String(MAX_SUBJECT), nullable=False),
    Column("collection", String(MAX_COLLECTION), nullable=False),
    Column("model", String(MAX_MODEL), nullable=False),
    Column("embedding", Sealed, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("quality", Float),
    Column("created", BigInteger, nullable=False, doc="Milliseconds since 1970, UTC."),
    # Near the end, so that rows are read without their pictures.
    Column("crop", Sealed),
    Column("content", LargeBinary, doc="The hash of the picture that the face was imported from."),
    Index("faces_by_subject", "subject", "sequence"),
    Index("faces_by_collection", "collection", "sequence"),
    # All that a list of the collections asks for, so that it reads no row.
    Index("faces_by_collection_and_subject", "collection", "subject"),
    # Of imported faces alone, as the migration says: to say so here would have both databases' dialects imported.
    Index("faces_by_content", "collection", "content"),
)

deletions = Table(
    "deletions",
    tables,
    Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
    Column("face", BigInteger, nullable=False, doc="The number of the enrolment; nothing else of the face stays."),
)

counter = Table(
    "counter",
    tables,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False, doc="The number of the latest change."),
    Column("store", String(36), doc="A name that no other store has."),
    Column(
        "horizon",
        BigInteger,
        nullable=False,
        server_default="0",
        doc="Deletions up to this number are no longer noted.",
    ),
)

block_keys = Table(
    "block_keys",
    tables,
    Column("block", _NUMBER, primary_key=True, autoincrement=False),
    Column("key", Sealed, nullable=False, doc="What opens the snapshots' files of this block of numbers."),
)

jobs = Table(
    "jobs",
    tables,
    Column("id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("collection", String(MAX_COLLECTION), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("error", JSON(none_as_null=True)),
    Column("starts", Integer, nullable=False, doc="How often a process took it up since it last got on."),
    Column("version", BigInteger, nullable=False, doc="Grows with every change of the job."),
    Column("created", BigInteger, nullable=False, doc="Milliseconds since 1970, UTC."),
    Column("changed", BigInteger, nullable=False, doc="Milliseconds since 1970, UTC."),
)

failures = Table(
    "job_failures",
    tables,
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False, doc="Where it lay in what was imported."),
    Column("path", Text, nullable=False),
    Column("subject", String(MAX_SUBJECT), doc="By which it goes when the subject is erased."),
    Column("code", String(50), nullable=False),
    Column("detail", Text, nullable=False),
    Index("job_failures_by_subject", "subject"),
)

members = Table(
    "group_members",
    tables,
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    # The database itself lets no erased face stay in a group.
    Column(
        "face",
        _NUMBER,
        ForeignKey("faces.sequence", ondelete="CASCADE", onupdate="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("group", Integer, doc="NULL for a face that is in none."),
    Index("group_members_by_face", "face"),
)

keys = Table(
    "keys",
    tables,
    Column("id", String(12), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, doc="Of the secret, with the salt."),
    Column("scopes", JSON, nullable=False),
    Column("collections", JSON(none_as_null=True), doc="NULL for all."),
    Column("rate", Integer, doc="Requests a minute; NULL for the service's limit."),
    Column("created", BigInteger, nullable=False, doc="Milliseconds since 1970, UTC."),
    Column("revoked", BigInteger, doc="Milliseconds since 1970, UTC; NULL while the key is good."),
)

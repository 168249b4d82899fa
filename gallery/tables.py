"""The tables of the store."""

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

from gallery.limits import MAX_COLLECTION, MAX_MODEL, MAX_SUBJECT

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
    Column("embedding", LargeBinary, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("quality", Float),
    Column("created", BigInteger, nullable=False, doc="Milliseconds since 1970, UTC."),
    # Last, so that rows are read without their pictures.
    Column("crop", LargeBinary),
    Index("faces_by_subject", "subject", "sequence"),
    Index("faces_by_collection", "collection", "sequence"),
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
)

"""The tables of kept prompts and answers, in the ledger's database."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, RowMapping, String, Table, UniqueConstraint

from pointsman.audit.ledger.tables import metadata, sequence
from pointsman.domain.levels import Phase
from pointsman.domain.texts import Look, SentText, TextFacts

kept_runs = Table(
    "kept_runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("repository_id", String, nullable=False, index=True),
    Column("repository", String, nullable=False),
    Column("sensitivity", String, nullable=False),
    Column("keep_days", Integer, nullable=False),
)
"""How long the texts of each run are kept, as the policy said when it was admitted."""

texts = Table(
    "texts",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("sha256", String, nullable=False, index=True),
    *(Column(name, String, nullable=False) for name in ("kind", "run_id", "repository_id", "call_id")),
    Column("attempt", Integer, nullable=False),
    *(Column(name, String, nullable=False) for name in ("phase", "model", "at", "erase_after", "key_id")),
    Column("size", BigInteger, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    *(Column(name, String, nullable=False, server_default="") for name in ("erased_at", "erased_by", "erased_why")),
    UniqueConstraint("run_id", "call_id", "attempt", "kind"),
)
"""One text a row. When it is erased, the row stays with its digest, and holds neither nonce nor ciphertext."""

there = texts.c.erased_at == ""
Index("texts_due", texts.c.erase_after, sqlite_where=there, postgresql_where=there)

looks = Table(
    "text_looks",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("at", String, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    *(Column(name, String, nullable=False) for name in ("login", "sha256", "shown")),
)
"""Who asked to see which text; one row for each time."""

_FACTS = (*TextFacts.__dataclass_fields__,)
_LOOK = (*Look.__dataclass_fields__,)
FACTS = tuple(texts.c[name] for name in _FACTS)
"""The columns of what is known of a text, without the text."""


def text_of(row: RowMapping) -> TextFacts:
    """What a row tells of a text."""
    return TextFacts(**{**{name: row[name] for name in _FACTS}, "phase": Phase(row["phase"])})


def text_values(text: SentText) -> dict[str, object]:
    """The columns that a text brings with it."""
    return {**{name: getattr(text, name) for name in SentText.__dataclass_fields__}, "phase": text.phase.value}


def look_of(row: RowMapping) -> Look:
    """The look that a row tells of."""
    return Look(**{name: row[name] for name in _LOOK})

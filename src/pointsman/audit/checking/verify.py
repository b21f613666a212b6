"""Is a note what was signed, does it follow the one before it, and was the reviewer somebody else."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import rfc8785
from pydantic import Field, ValidationError
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError

from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.audit.keys.signing import PAYLOAD_TYPE, digest_of
from pointsman.audit.note.predicate import ModelPart, Part, Predicate, Statement
from pointsman.audit.note.statement import note_name
from pointsman.domain.history import ENVELOPE_SUFFIX, PAGE_SUFFIX
from pointsman.domain.notes import NoteProblem, NoteReport

_LARGEST = 16 << 20
_MOST_DIGITS = 16
"""Whole numbers below so many digits are exact in JSON (RFC 8259, section 6)."""


class _Signature(Part):
    keyid: str
    sig: str


class _Envelope(Part):
    payload: str
    payload_type: str = Field(alias="payloadType")
    signatures: tuple[_Signature, ...]


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note whose signature held."""

    name: str
    digest: str
    statement: Statement
    key_id: str = ""

    @property
    def predicate(self) -> Predicate:
        """The signed data."""
        return self.statement.predicate


class _Refused(Exception):
    """One note cannot be believed; becomes a NoteProblem before it leaves this module."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def verify_notes(files: tuple[tuple[str, bytes], ...], trusted: TrustedKeys) -> NoteReport:
    """Check signatures, pages, chain and separation of the given notes, oldest first.

    The first note may follow one that was not given; between the given ones every link must hold. Whether the
    subjects lie in a repository, and whether the newest note was cut off, only inspection.py can tell.
    """
    opened, problems = open_notes(files, trusted)
    problems += chain_problems(opened)
    for note in opened:
        problems += separation_problems(note)
    return NoteReport(
        notes=tuple(note.name for note in opened),
        covered=tuple(note.statement.subject_digest("commit") for note in opened if note.predicate.authors),
        uncovered=(),
        problems=tuple(problems),
        head=opened[-1].digest if opened else "",
    )


def open_notes(
    files: Iterable[tuple[str, bytes]], trusted: TrustedKeys
) -> tuple[list[OpenedNote], list[NoteProblem]]:
    """The notes among the files that can be believed, in the given order, and what is wrong with the rest.

    A page given beside its envelope must be the one that was signed; anything else in the folder is a stray.
    """
    given = dict(files)
    opened: list[OpenedNote] = []
    problems: list[NoteProblem] = []
    for name, raw in given.items():
        if not name.endswith(ENVELOPE_SUFFIX):
            continue
        try:
            opened.append(open_note(name, raw, trusted))
        except _Refused as refused:
            problems.append(NoteProblem(name, refused.rule, refused.message))
    pages = {note.name.removesuffix(ENVELOPE_SUFFIX) + PAGE_SUFFIX: note for note in opened}
    for name, raw in given.items():
        if name in pages and hashlib.sha256(raw).hexdigest() != pages[name].predicate.page_sha256:
            problems.append(NoteProblem(name, "page", "The page is not the one that was signed."))
        stem = name.removesuffix(PAGE_SUFFIX)
        if not name.endswith(ENVELOPE_SUFFIX) and (stem == name or stem + ENVELOPE_SUFFIX not in given):
            problems.append(NoteProblem(name, "stray", "This file is no note: nobody signed it."))
    return opened, problems


def open_note(name: str, raw: bytes, trusted: TrustedKeys) -> OpenedNote:
    """One envelope, verified before its payload is read (DSSE v1 protocol)."""
    envelope = _envelope(raw)
    payload = _bytes(envelope.payload)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise _Refused("payload-type", f"The payload's type is not {PAYLOAD_TYPE}.")
    if not envelope.signatures:
        raise _Refused("unsigned", "The envelope has no signature.")
    if len(envelope.signatures) > 1:
        raise _Refused("signature", "The envelope has more than one signature.")
    _require_signature(envelope, trusted, digest_of(raw))
    statement = _statement(payload)
    if name != _name_of(statement.predicate):
        raise _Refused("name", f"The note belongs under another name: {_name_of(statement.predicate)}.")
    return OpenedNote(name, digest_of(raw), statement, envelope.signatures[0].keyid)


def chain_problems(notes: Sequence[OpenedNote], known: frozenset[str] | None = None) -> list[NoteProblem]:
    """What is wrong with the chain of the notes, oldest first.

    `known` holds the digests that the installation remembers, for notes on branches that are not here; None when
    nobody could be asked, then the oldest note may follow any.
    """
    problems = []
    places = {note.digest: place for place, note in enumerate(notes)}
    for place, note in enumerate(notes):
        previous = note.predicate.previous
        if previous == (notes[place - 1].digest if place else ""):
            continue
        rival = next((one.name for one in notes[:place] if one.predicate.previous == previous), "")
        wrong = _broken_link(previous, place, places, known) or _forked(previous, rival)
        if wrong:
            problems.append(NoteProblem(note.name, *wrong))
    return problems


def separation_problems(note: OpenedNote) -> list[NoteProblem]:
    """Reviews by a model that shares with an author what the run's order says must differ."""
    predicate = note.predicate
    catalogue = {model.name: model for model in predicate.models}
    proofs = (finding.proof for review in predicate.reviews for finding in review.findings)
    tests = {(proof.path, proof.model) for proof in proofs if proof is not None and proof.result == "confirmed"}
    edited = (edit.model for edit in predicate.edits if (edit.path, edit.model) not in tests)
    authors = dict.fromkeys((*predicate.authors, *edited))
    problems = []
    for reviewer in dict.fromkeys(review.model for review in predicate.reviews):
        for author in authors:
            wrong = _too_close(catalogue.get(reviewer), catalogue.get(author), predicate.order.separation)
            if wrong:
                message = f"The reviewer {reviewer} and the author {author} {wrong}."
                problems.append(NoteProblem(note.name, "separation", message))
    return problems


def _broken_link(
    previous: str, place: int, places: dict[str, int], known: frozenset[str] | None
) -> tuple[str, str] | None:
    if not previous:
        return "chain-restart", "The note starts a new chain although there are notes before it."
    if previous in places:
        if places[previous] < place:
            return None
        return "chain-order", "The note stands before the one that it follows."
    if previous in (known or ()) or (known is None and place == 0):
        return None
    lost = f"The note before this one, {previous[:12]}…, is in no place that was read: removed, changed,"
    return "chain-gap", f"{lost} or of a branch that was never merged."


def _forked(previous: str, rival: str) -> tuple[str, str] | None:
    if not rival:
        return None
    return "chain-fork", f"The chain forks after {previous[:12]}…: {rival} follows it already, and this one does too."


def _too_close(reviewer: ModelPart | None, author: ModelPart | None, separation: str) -> str:
    if reviewer is None or author is None:
        return "cannot be told apart: the note does not describe both models"
    traits = {
        "model": ((reviewer.name, reviewer.id), (author.name, author.id)),
        "family": (reviewer.family, author.family),
        "vendor": (reviewer.vendor, author.vendor),
    }
    ours, theirs = traits[separation]
    shared = (
        any(one == other for one, other in zip(ours, theirs, strict=True))
        if separation == "model"
        else ours == theirs
    )
    return f"share the {separation}" if shared else ""


def _envelope(raw: bytes) -> _Envelope:
    if not raw.endswith(b"\n"):
        raise _Refused("canonical", "The envelope does not end with its line.")
    line = raw[:-1]
    _require_canonical(line, "envelope")
    try:
        return _Envelope.model_validate_json(line)
    except ValidationError as error:
        raise _Refused("envelope", f"This is no DSSE envelope: {_first(error)}.") from error


def _statement(payload: bytes) -> Statement:
    _require_canonical(payload, "payload")
    try:
        return Statement.model_validate_json(payload)
    except ValidationError as error:
        raise _Refused("statement", f"The statement is not of the form that we know: {_first(error)}.") from error


def is_plainly_canonical(raw: bytes) -> bool:
    """Whether this is an object in RFC 8785's form by the fast encoder alone; False means that it was not decided.

    With keys in ASCII and small whole numbers for all figures, as every note has them, Python's sorted and compact
    form is the same byte for byte; whatever else there is, is left to the slow and exact comparison.
    """
    try:
        value: object = json.loads(
            raw, object_pairs_hook=_plain, parse_int=_small, parse_float=_no_figure, parse_constant=_no_figure
        )
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return isinstance(value, dict) and text.encode("utf-8") == raw
    except (ValueError, RecursionError):
        return False


def _plain(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs) or not all(map(str.isascii, found)):
        raise ValueError("not decided here")
    return found


def _small(digits: str) -> int:
    return int(digits) if len(digits) < _MOST_DIGITS else _no_figure(digits)


def _no_figure(told: str) -> NoReturn:
    raise ValueError(told)


def _require_canonical(raw: bytes, what: str) -> None:
    if len(raw) > _LARGEST:
        raise _Refused("envelope", f"The {what} is larger than 16 MiB.")
    try:
        if is_plainly_canonical(raw):
            return
        value: object = json.loads(raw, object_pairs_hook=_unique)
        canonical = rfc8785.dumps(value) if isinstance(value, dict) else b""
    except (ValueError, RecursionError) as error:
        raise _Refused("envelope", f"The {what} is not JSON that can be read exactly.") from error
    if canonical != raw:
        raise _Refused("canonical", f"The {what} is not canonical JSON (RFC 8785).")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("duplicate-key", "The same key stands twice in one object.")
    return found


def _bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Refused("envelope", "The envelope holds something that is not base64.") from error
    if base64.b64encode(raw).decode() != text:
        raise _Refused("canonical", "The envelope holds base64 that is not canonical.")
    return raw


def _require_signature(envelope: _Envelope, trusted: TrustedKeys, digest: str) -> None:
    signature = envelope.signatures[0]
    _bytes(signature.sig)
    given = envelope.model_dump(mode="json", by_alias=True)
    key = trusted.keys.get(signature.keyid)
    if key is None:
        raise _Refused("signature", f"No trusted key signed this; it names key {signature.keyid[:16]}.")
    try:
        Envelope.from_dict(given).verify([key], 1)
    except VerificationError as error:
        raise _Refused(
            "signature", "The signature does not fit: the note was changed after it was signed."
        ) from error
    if trusted.is_refused(signature.keyid, digest):
        raise _Refused("revoked", f"Its key {signature.keyid[:16]} is revoked, and nobody vouches for this note.")


def _name_of(predicate: Predicate) -> str:
    try:
        return note_name(predicate.written_at, predicate.branch, predicate.run) + ENVELOPE_SUFFIX
    except ValueError as error:
        raise _Refused("statement", "The note's date cannot be read.") from error


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'the whole'}: {problem['msg']}"

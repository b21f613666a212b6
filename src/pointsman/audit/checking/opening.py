"""Is a note what was signed: one envelope, opened without a doubt, or what is wrong with it."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from pydantic import Field, ValidationError

from pointsman.audit.keys.envelope import PAYLOAD_TYPE, digest_of, signed_bytes
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.audit.note.predicate import Part, Predicate, Statement
from pointsman.domain.history import ENVELOPE_SUFFIX, PAGE_SUFFIX
from pointsman.domain.note_names import note_name
from pointsman.domain.note_problem import NoteProblem

_LARGEST = 16 << 20
_USUAL = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/=]*)","payloadType":"%s","signatures":'
    rb'\[\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/=]+)"\}\]\}\n' % re.escape(PAYLOAD_TYPE).encode()
)
"""An envelope as our signers write it, whose form its bytes decide: canonical, with one signature."""
_MOST_DIGITS = 16
"""Whole numbers below so many digits are exact in JSON (RFC 8259, section 6)."""
_LONG_FIGURE = re.compile(rb"[:,\[]-?[0-9]{%d}" % _MOST_DIGITS)


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
    digest = digest_of(raw)
    _require_signature(envelope, payload, trusted, digest)
    statement = _statement(payload)
    if name != _name_of(statement.predicate):
        raise _Refused("name", f"The note belongs under another name: {_name_of(statement.predicate)}.")
    return OpenedNote(name, digest, statement, envelope.signatures[0].keyid)


def _envelope(raw: bytes) -> _Envelope:
    if (usual := _USUAL.fullmatch(raw)) and len(raw) <= _LARGEST:
        payload, key_id, sig = (part.decode("ascii") for part in usual.groups())
        signature = _Signature.model_construct(keyid=key_id, sig=sig)
        return _Envelope.model_construct(payload=payload, payload_type=PAYLOAD_TYPE, signatures=(signature,))
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
        if raw.isascii() and not _LONG_FIGURE.search(raw):
            # A key that stood twice, or was spelled with an escape, would not come out as it went in.
            value: object = json.loads(raw, parse_float=_no_figure, parse_constant=_no_figure)
        else:
            value = json.loads(
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
        import rfc8785

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


def _require_signature(envelope: _Envelope, payload: bytes, trusted: TrustedKeys, digest: str) -> None:
    signature = envelope.signatures[0]
    made = _bytes(signature.sig)
    key = trusted.keys.get(signature.keyid)
    if key is None:
        raise _Refused("signature", f"No trusted key signed this; it names key {signature.keyid[:16]}.")
    if not key.signed(signed_bytes(payload), made):
        raise _Refused("signature", "The signature does not fit: the note was changed after it was signed.")
    if trusted.is_refused(signature.keyid, digest):
        raise _Refused("revoked", f"Its key {signature.keyid[:16]} is revoked, and nobody vouches for this note.")


def _name_of(predicate: Predicate) -> str:
    try:
        at, branch, run = predicate.written_at, predicate.branch, predicate.run
        return note_name(at, branch, run, result=predicate.result, calls=predicate.calls) + ENVELOPE_SUFFIX
    except ValueError as error:
        raise _Refused("statement", "The note's date cannot be read.") from error


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'the whole'}: {problem['msg']}"

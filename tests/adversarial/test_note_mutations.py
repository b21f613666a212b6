"""U1: whatever is changed in a note, at whatever byte, by whatever kind of change: it is refused, and by a rule."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.audit.facts import facts

from pointsman.audit.checking.opening import open_notes
from pointsman.audit.keys.keyring import TrustedKeys, trusted_from
from pointsman.audit.signer import KeySigner
from pointsman.domain.notes import SignedNote

REFUSALS = {"envelope", "duplicate-key", "canonical", "payload-type", "unsigned", "signature", "statement", "name"}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> KeySigner:
    return KeySigner(tmp_path_factory.mktemp("keys") / "signing.pem")


@pytest.fixture(scope="module")
def signed(signer: KeySigner) -> SignedNote:
    return asyncio.run(signer.sign(facts()))


@pytest.fixture(scope="module")
def trusted(signer: KeySigner) -> TrustedKeys:
    return trusted_from((signer.public_key(),))


def mutants(raw: bytes, every: int) -> Iterator[tuple[str, int, bytes]]:
    """Each change of one place: a bit, a case, a byte gone, a byte more, twice the same, two in another order."""
    for at in range(0, len(raw), every):
        byte, rest = raw[at : at + 1], raw[at + 1 :]
        kinds = ("bit", "high bit", "gone", "blank", "twice", "zero", "swapped", "case")
        kind = kinds[at // every % len(kinds)]
        changed = {
            "bit": raw[:at] + bytes([raw[at] ^ 1]) + rest,
            "high bit": raw[:at] + bytes([raw[at] ^ 128]) + rest,
            "gone": raw[:at] + rest,
            "blank": raw[:at] + b" " + byte + rest,
            "twice": raw[:at] + byte + byte + rest,
            "zero": raw[:at] + b"\0" + rest,
            "swapped": raw[:at] + rest[:1] + byte + rest[1:],
            "case": raw[:at] + byte.swapcase() + rest,
        }[kind]
        if changed != raw:
            yield kind, at, changed


def refused_by(name: str, raw: bytes, trusted: TrustedKeys) -> str:
    opened, problems = open_notes([(name, raw)], trusted)
    assert not opened or problems, "believed"
    return problems[0].rule


def test_u1_no_byte_of_an_envelope_can_be_changed(signed: SignedNote, trusted: TrustedKeys) -> None:
    name = f"{signed.name}.intoto.jsonl"
    assert open_notes([(name, signed.envelope)], trusted)[1] == []
    # Coprime to the number of kinds, so that every kind comes to every part.
    for kind, at, changed in mutants(signed.envelope, every=3):
        assert refused_by(name, changed, trusted) in REFUSALS, (kind, at)


def test_u1_every_kind_of_change_is_refused_around_the_payload_and_at_both_ends(
    signed: SignedNote, trusted: TrustedKeys
) -> None:
    name, raw = f"{signed.name}.intoto.jsonl", signed.envelope
    start, end = raw.index(b'"payload":"') + 11, raw.index(b'","payloadType"')
    for at in (*range(start + 4), *range(end - 4, len(raw))):
        for spoiled in (
            raw[:at] + raw[at + 1 :],
            raw[:at] + b"\0" + raw[at:],
            raw[:at] + raw[at : at + 1] * 2 + raw[at + 1 :],
            raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :],
        ):
            if spoiled != raw:
                assert refused_by(name, spoiled, trusted) in REFUSALS, at
    for spoiled in (raw + b"\n", raw[:-1], raw + b" ", b" " + raw, b"\xef\xbb\xbf" + raw, raw[:-1] + b"\r\n"):
        assert refused_by(name, spoiled, trusted) in REFUSALS


def canonical(value: object) -> bytes:
    """RFC 8785, as far as it matters here: keys in ASCII, and whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def variants(value: object) -> Iterator[object]:
    """A JSON value with one thing in it changed: each key gone or renamed, each value another."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
            yield {(f"{k}x" if k == key else k): v for k, v in value.items()}
            for other in variants(value[key]):
                yield {**value, key: other}
    elif isinstance(value, list):
        yield [*value, *value[:1]] if value else [""]
        for at, each in enumerate(value):
            yield value[:at] + value[at + 1 :]
            for other in variants(each):
                yield [*value[:at], other, *value[at + 1 :]]
    elif isinstance(value, bool) or value is None:
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield f"{value}x"


def test_u1_no_key_and_no_value_of_the_signed_data_can_be_changed(signed: SignedNote, trusted: TrustedKeys) -> None:
    envelope = json.loads(signed.envelope)
    payload = json.loads(base64.b64decode(envelope["payload"]))
    seen = set()
    for other in variants(payload):
        told = base64.b64encode(canonical(other)).decode()
        raw = canonical({**envelope, "payload": told}) + b"\n"
        assert refused_by(f"{signed.name}.intoto.jsonl", raw, trusted) == "signature"
        seen.add(told)
    assert len(seen) > 300
    for other in variants(envelope):
        raw = canonical(other) + b"\n"
        assert refused_by(f"{signed.name}.intoto.jsonl", raw, trusted) in REFUSALS


def test_u1_no_byte_of_the_page_for_people_can_be_changed(signed: SignedNote, trusted: TrustedKeys) -> None:
    page = signed.page.encode()
    note = (f"{signed.name}.intoto.jsonl", signed.envelope)
    assert open_notes([note, (f"{signed.name}.md", page)], trusted)[1] == []
    for kind, at, changed in mutants(page, every=11):
        _, problems = open_notes([note, (f"{signed.name}.md", changed)], trusted)
        assert [problem.rule for problem in problems] == ["page"], (kind, at)
    for changed in (b"", page + b"\n", page[:-1]):
        assert [one.rule for one in open_notes([note, (f"{signed.name}.md", changed)], trusted)[1]] == ["page"]


def test_u1_a_note_under_another_name_is_refused(signed: SignedNote, trusted: TrustedKeys, tmp_path: Path) -> None:
    for name in (f"{signed.name}x", f"x{signed.name}", signed.name.upper(), signed.name[:-1], f"../{signed.name}"):
        assert refused_by(f"{name}.intoto.jsonl", signed.envelope, trusted) == "name"

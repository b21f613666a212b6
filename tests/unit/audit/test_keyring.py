"""Which keys are believed: PEM, published JSON, revoked keys and the notes that are vouched for."""

import asyncio
import base64
import json
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.signer import SSlibKey
from tests.unit.audit.facts import facts

from pointsman.audit.checking.verify import verify_notes
from pointsman.audit.keys.keyring import TrustedKeys, trusted_from
from pointsman.audit.keys.published import keys_schema, published
from pointsman.audit.signer import KeySigner
from pointsman.domain.errors import UsageMust
from pointsman.domain.keys import KeyState, KnownKey
from pointsman.domain.notes import SignedNote


@pytest.fixture
def signer(tmp_path: Path) -> KeySigner:
    return KeySigner(tmp_path / "signing.pem")


def note(signer: KeySigner, run_id: str = "r-1") -> SignedNote:
    return asyncio.run(signer.sign(replace(facts(), run_id=run_id)))


def document(signer: KeySigner, state: KeyState = "active", *vouched: SignedNote) -> bytes:
    key = KnownKey(
        id=signer.key_id(),
        pem=signer.public_key().decode(),
        state=state,
        since="2026-01-05T10:00:00+00:00",
        vouched=tuple(one.digest for one in vouched),
    )
    return published((key,))


def found(note: SignedNote, trusted: TrustedKeys) -> list[str]:
    report = verify_notes(((f"{note.name}.intoto.jsonl", note.envelope),), trusted)
    return [problem.rule for problem in report.problems]


@pytest.mark.parametrize("state", ["active", "retired"])
def test_a_note_of_an_active_or_a_retired_key_holds(signer: KeySigner, state: KeyState) -> None:
    assert found(note(signer), trusted_from((document(signer, state),))) == []


def test_u4_a_note_of_a_revoked_key_is_refused_unless_it_is_vouched_for(signer: KeySigner) -> None:
    """Whatever time it names: who holds the key writes the time."""
    honest, forged = note(signer, "r-1"), note(signer, "r-2")
    trusted = trusted_from((document(signer, "revoked", honest),))
    assert (found(honest, trusted), found(forged, trusted)) == ([], ["revoked"])


def test_u4_a_key_that_one_source_revokes_is_revoked_whatever_the_others_say(signer: KeySigner) -> None:
    sources = (document(signer, "revoked"), document(signer), signer.public_key())
    for given in (sources, sources[::-1]):
        assert found(note(signer), trusted_from(given)) == ["revoked"]


def test_u4_only_who_revokes_a_key_vouches_for_its_notes_and_all_who_do_must(
    signer: KeySigner, tmp_path: Path
) -> None:
    forged, other = note(signer), KeySigner(tmp_path / "other.pem")
    revoked = document(signer, "revoked")
    for lent in (
        document(other, "revoked", forged),
        document(signer, "active", forged),
        document(signer, "revoked", forged),
    ):
        assert (
            found(forged, trusted_from((revoked, lent)))
            == found(forged, trusted_from((lent, revoked)))
            == ["revoked"]
        )


def test_u4_a_vouched_digest_saves_no_note_that_was_changed(signer: KeySigner) -> None:
    honest, other = note(signer, "r-1"), note(signer, "r-2")
    lent = {**json.loads(honest.envelope), "signatures": json.loads(other.envelope)["signatures"]}
    trusted = trusted_from((document(signer, "revoked", honest),))
    assert found(replace(honest, envelope=rfc8785.dumps(lent) + b"\n"), trusted) == ["signature"]


def test_one_file_may_hold_several_keys(signer: KeySigner, tmp_path: Path) -> None:
    other = KeySigner(tmp_path / "other.pem")
    trusted = trusted_from((b"# ours\n" + signer.public_key() + other.public_key(),))
    assert list(trusted.keys) == [signer.key_id(), other.key_id()]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: b"{}",
        lambda raw: raw.replace(b"keys/v1", b"keys/v2"),
        lambda raw: raw.replace(b'"id":"', b'"id":"0')[:-3] + b"}]}",
        lambda raw: raw.replace(b'"active"', b'"trusted"'),
        lambda raw: raw.replace(b'"state"', b'"extra":1,"state"'),
        lambda raw: b"[" * 10_000,
        lambda raw: b"",
        lambda raw: b"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n",
    ],
)
def test_what_is_no_key_is_the_callers_to_mend(signer: KeySigner, spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UsageMust):
        trusted_from((spoil(document(signer)),))


def test_a_published_key_under_another_keys_id_is_refused(signer: KeySigner, tmp_path: Path) -> None:
    other = KeySigner(tmp_path / "other.pem")
    swapped = document(signer).replace(signer.key_id().encode(), other.key_id().encode())
    with pytest.raises(UsageMust, match="not the one that its id names"):
        trusted_from((swapped,))


def test_what_is_published_fits_its_schema(signer: KeySigner) -> None:
    jsonschema.validate(json.loads(document(signer, "revoked", note(signer))), json.loads(keys_schema()))


def test_a_key_has_the_id_that_others_give_it_in_whatever_form_it_comes(signer: KeySigner) -> None:
    pem = signer.public_key()
    key = load_pem_public_key(pem)
    assert isinstance(key, Ed25519PublicKey)
    known = SSlibKey.from_crypto(key).keyid
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    rows = textwrap.wrap(base64.b64encode(der).decode(), 16)
    folded = "\n".join(("-----BEGIN PUBLIC KEY-----", *rows, "-----END PUBLIC KEY-----\n")).encode()
    for form in (pem, pem.replace(b"\n", b"\r\n"), folded, b"\n\n" + pem + b"\n"):
        assert list(trusted_from((form,)).keys) == [known]
    assert known == signer.key_id()
    for broken in (pem.replace(b"MCow", b"MCox"), pem[:60] + pem[64:], b"-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(UsageMust):
            trusted_from((broken,))

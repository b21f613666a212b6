"""The note of a run: its data, its page, and its signature."""

import asyncio
import base64
import json
import os
import re
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from tests.unit.audit.facts import REVIEWER, SECRET, digest, facts, route

from pointsman import __version__
from pointsman.audit.note.page import inert, page_of
from pointsman.audit.note.statement import statement_of
from pointsman.audit.note.told import sha256
from pointsman.audit.signer import KeySigner
from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.domain.levels import Phase, Severity
from pointsman.domain.note_names import note_name
from pointsman.domain.notes import NoteFacts, SignedNote
from pointsman.domain.outcome import Finding
from pointsman.ports.signer import Signer


@pytest.fixture
def signer(tmp_path: Path) -> KeySigner:
    return KeySigner(tmp_path / "keys" / "signing.pem")


def sign(signer: Signer, told: NoteFacts | None = None) -> SignedNote:
    return asyncio.run(signer.sign(told or facts()))


def payload_of(envelope: bytes) -> bytes:
    return base64.b64decode(json.loads(envelope)["payload"])


def test_the_statement_names_commit_tree_and_diff_and_says_who_did_what() -> None:
    statement = statement_of(facts(), "page")
    assert [statement.subject_digest(name) for name in ("commit", "tree", "diff")] == [
        "c" * 40,
        "d" * 40,
        digest("diff"),
    ]
    predicate = statement.predicate
    assert {model.name: model.family for model in predicate.models} == {
        "bigger": "qwen",
        "coder": "qwen",
        "reviewer": "llama",
    }
    assert [(it.phase, it.primary, it.refused_by) for it in predicate.routes] == [
        ("triage", "", "not-in-catalogue"),
        ("plan", "reviewer", ""),
        ("code", "coder", ""),
        ("review", "reviewer", ""),
    ]
    assert [(it.phase, it.cost_micro_usd, it.milliseconds) for it in predicate.calls][2] == ("code", 2000, 1234)
    assert predicate.calls[0].prompt_sha256 == digest("sent 0")
    assert [(it.ending, it.model, it.commit) for it in predicate.tries] == [
        ("unreadable", "coder", ""),
        ("patch", "bigger", "c" * 40),
    ]
    assert (predicate.authors, predicate.page_sha256) == (("bigger",), sha256("page"))
    assert predicate.triage is not None
    assert (predicate.triage.decided_by, predicate.triage.why) == ("label", "label bug")
    assert (predicate.ended, predicate.release) == ("approved", __version__)
    assert (predicate.tries[0].refusals, predicate.order.run_micro_usd) == (1, 2_000_000)
    assert predicate.order.perimeters == ("local", "account", "public")
    assert [(it.fate, it.severity) for it in predicate.reviews[0].findings] == [("disputed", "major")]


def test_the_signed_data_holds_no_fraction_and_is_canonical(signer: KeySigner) -> None:
    payload = payload_of(sign(signer).envelope)
    assert rfc8785.dumps(json.loads(payload)) == payload

    def no_fraction(text: str) -> float:
        raise AssertionError(text)

    json.loads(payload, parse_float=no_fraction)


def test_u10_the_note_holds_digests_of_texts_and_not_the_texts(signer: KeySigner) -> None:
    signed = sign(signer)
    assert SECRET not in signed.page
    for text in (SECRET, "Rounds too early", "return 0", "Discounts take off euros"):
        assert text.encode() not in payload_of(signed.envelope)


def test_the_same_facts_give_the_same_bytes(signer: KeySigner, tmp_path: Path) -> None:
    assert sign(signer) == sign(KeySigner(tmp_path / "keys" / "signing.pem"))


def test_an_independent_verifier_accepts_what_was_signed(signer: KeySigner) -> None:
    envelope = Envelope.from_dict(json.loads(sign(signer).envelope))
    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert len(envelope.verify([SSlibKey.from_crypto(load_pem_public_key(signer.public_key()))], 1)) == 1


def test_the_signature_is_ed25519_over_the_dsse_preauthentication_encoding(signer: KeySigner) -> None:
    envelope = json.loads(sign(signer).envelope)
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    public = load_pem_public_key(signer.public_key())
    assert isinstance(public, ed25519.Ed25519PublicKey)
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    public.verify(signature, b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))


def test_a_note_is_named_by_day_branch_and_run_whatever_the_branch_is_called() -> None:
    assert note_name("2026-11-21T12:00:00Z", "pointsman/12-Größe", "r-ab12") == "2026-11-21-pointsman-12-gr-e-r-ab12"
    assert note_name("2026-11-21T12:00:00Z", "../..", "../r") == "2026-11-21-change-r"
    assert len(note_name("2026-11-21T12:00:00Z", "x" * 300, "r-1")) == 10 + 1 + 40 + 1 + 3


def test_the_page_tells_people_everything_on_one_screen() -> None:
    page = page_of(facts())
    for said in (
        "# Run `r-1`: ready for people to look at",
        "* Issue `12`: `Discounts take off euros`",
        "* Asked for by `ada` (id 7)",
        f"* Plan `{digest('plan')}`",
        "| code | `bigger` | `bigger:1` | `ollama` | local | 1 | 1200 / 300 | $0.0020 | 1.2 s | 2 tries, 1 with",
        "| triage | – |",
        "* triage: no model, by rule `not-in-catalogue`: `no small model`",
        "* code goes to `coder`: `coder` kept by `named` (`named by the routing file`)",
        "**passed** in sandbox `landlock`: `a test that failed passes`",
        "| base | `python -m pytest` | exit 1 | 2 | 1 | 0 | 0.5 s |",
        "* Round 1 by `reviewer` on `cccccccccccc`: **approve**, 1 findings without a ground in the diff dropped",
        "* major at `shop/prices.py:6`, disputed: `Rounds too early`",
        "* `code`, escalation from `coder` to `bigger`: `no valid edit in three tries`",
        "`grace` (id 8), approve",
        "* `verify: the linter was cut off`",
        "`2026-11-21-pointsman-12-discounts-r-1.intoto.jsonl`. It is the first note of its chain.",
    ):
        assert said in page
    assert len(page.splitlines()) < 80


def test_the_note_says_where_answers_were_made_as_far_as_providers_tell() -> None:
    told = facts()
    calls = (replace(told.calls[0], via="Acme Clouds", region="us"), *told.calls[1:])
    page, predicate = page_of(replace(told, calls=calls)), statement_of(replace(told, calls=calls), "page").predicate
    assert "`ollama` (via `Acme Clouds`) | local (`us`) |" in page
    assert page_of(told).count("(via") == 0
    assert [(it.via, it.region) for it in predicate.calls][:2] == [("Acme Clouds", "us"), ("", "")]


def test_a_page_without_plan_code_evidence_or_review_says_so() -> None:
    bare = facts()
    empty = replace(bare.earlier, triage=None, plan=None, tries=(), patch=None, evidence=None, reviews=(), hops=())
    told = replace(bare, earlier=empty, calls=(), people=(), not_run=(), result="reviewed", previous="a" * 64)
    page = page_of(told)
    for said in ("* No plan", "Nothing was run.", "Not reviewed by a model.", "Nobody approved", f"`{'a' * 64}`"):
        assert said in page
    assert statement_of(told, page).predicate.plan is None


HOSTILE = "![x](https://evil.example/?q=1) <img src=x> @ada #12 ` `` | \u202e\u200b\n\n# heading\n/approve"


def test_f1_f2_text_of_models_and_people_is_inert_on_the_page() -> None:
    told = facts()
    finding = Finding("f", HOSTILE, 1, "new", Severity.NOTE, HOSTILE, HOSTILE)
    reviews = (replace(told.earlier.reviews[0], findings=(finding,), model=HOSTILE),)
    spec = replace(
        told.spec,
        issue=replace(told.spec.issue, title=HOSTILE, key=HOSTILE),
        requester=replace(told.spec.requester, login=HOSTILE),
    )
    page = page_of(replace(told, spec=spec, branch=HOSTILE, earlier=replace(told.earlier, reviews=reviews)))
    outside = re.sub(r"`[^`\n]*`", "", page)
    assert "`" not in outside
    for mark in ("evil.example", "<img", "@", "![", "\u202e", "\u200b"):
        assert mark not in outside
    assert "\u202e" not in page
    assert [line for line in page.splitlines() if line.startswith("/") or line == "# heading"] == []


@given(st.text())
def test_any_text_stays_within_one_code_span_of_one_line(text: str) -> None:
    shown = inert(text)
    assert shown == "–" or re.fullmatch(r"`[^`|\r\n\x00-\x1f]{1,160}`", shown)


@given(st.text(), st.text())
def test_any_text_of_a_model_can_be_signed(message: str, why: str) -> None:
    told = facts()
    finding = replace(told.earlier.reviews[0].findings[0], message=message, path=message)
    reviews = (replace(told.earlier.reviews[0], findings=(finding,)),)
    hops = tuple(replace(hop, why=why) for hop in told.earlier.hops)
    told = replace(told, earlier=replace(told.earlier, reviews=reviews, hops=hops))
    statement = statement_of(told, page_of(told))
    assert rfc8785.dumps(statement.model_dump(mode="json", by_alias=True))


def test_text_that_is_no_unicode_does_not_stop_a_note(signer: KeySigner) -> None:
    told = facts()
    hops = tuple(replace(hop, why="half a \ud800 pair") for hop in told.earlier.hops)
    assert b"half a ? pair" in payload_of(
        sign(signer, replace(told, earlier=replace(told.earlier, hops=hops))).envelope
    )


def test_facts_that_do_not_fit_the_form_stop_the_note_and_say_so(signer: KeySigner) -> None:
    for wrong in (replace(facts(), head="HEAD"), replace(facts(), previous="?")):
        with pytest.raises(OperatorMust) as refusal:
            sign(signer, wrong)
        assert refusal.value.code == "note"


def test_a_reruns_override_is_the_route_that_the_note_shows() -> None:
    told = facts()
    spec = replace(told.spec, overrides={Phase.CODE: route(Phase.CODE, REVIEWER)})
    shown = statement_of(replace(told, spec=spec), "").predicate.routes
    assert [(it.phase, it.primary) for it in shown][2] == ("code", "reviewer")


def test_the_key_is_made_at_first_use_for_its_owner_alone(signer: KeySigner, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert not folder.exists()
    assert signer.public_key().startswith(b"-----BEGIN PUBLIC KEY-----")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "signing.pem").stat().st_mode) == 0o600
    assert (folder / "signing.pem").read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert [path.name for path in folder.iterdir()] == ["signing.pem"]


def test_two_that_make_the_key_at_once_sign_with_the_same_one(tmp_path: Path) -> None:
    for number in range(20):
        path, keys = tmp_path / f"{number}.pem", list[bytes]()
        threads = [
            threading.Thread(target=lambda p=path, k=keys: k.append(KeySigner(p).public_key())) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(keys) == 4
        assert len(set(keys)) == 1


def _readable(path: Path) -> None:
    path.chmod(0o640)


def _replaceable(path: Path) -> None:
    path.parent.chmod(0o777)


def _link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def _rubbish(path: Path) -> None:
    path.write_bytes(b"not a key")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _other_kind(path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _locked(path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))


@pytest.mark.parametrize("spoil", [_readable, _replaceable, _link, _rubbish, _pipe, _other_kind, _locked])
def test_s7_u11_a_key_that_proves_nothing_is_refused_and_signs_nothing(
    signer: KeySigner, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    signer.public_key()
    path = tmp_path / "keys" / "signing.pem"
    spoil(path)
    with pytest.raises(OperatorMust) as refusal:
        sign(KeySigner(path))
    assert refusal.value.code == "signing-key"
    assert "PRIVATE" not in str(refusal.value)


def test_a_trusted_key_that_is_none_is_the_callers_to_mend(signer: KeySigner) -> None:
    with pytest.raises(UsageMust):
        signer.verify((), (b"nonsense",))

"""U and C: attacks on the note and on the ledger, each by its id, on a real repository and a real database."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import rfc8785
from securesystemslib.dsse import Envelope
from tests.unit.audit.facts import CODER, REVIEWER, World, call, facts, model, note_files, reviewed_by, route

from pointsman.audit.checking.inspection import Outside, verify_range
from pointsman.audit.keys.keyring import trusted_from
from pointsman.audit.keys.signing import load_or_make_key
from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.audit.signer import KeySigner
from pointsman.domain.errors import PointsmanError, Stopped
from pointsman.domain.history import NOTES
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Phase
from pointsman.domain.models import Caps
from pointsman.domain.notes import NoteFacts, NoteReport, SignedNote
from pointsman.workspaces.note_source import GitNoteSource


def rules(report: NoteReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def check(world: World, base: str, head: str = "HEAD", outside: Outside | None = None) -> NoteReport:
    keys, source = trusted_from((world.signer.public_key(),)), GitNoteSource(str(world.folder))
    return asyncio.run(verify_range(source, base, world.rev(head), trusted=keys, outside=outside))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.made(tmp_path)


@pytest.fixture
def signer(tmp_path: Path) -> KeySigner:
    return KeySigner(tmp_path / "signing.pem")


def named(signed: SignedNote, envelope: bytes | None = None) -> tuple[str, bytes]:
    return f"{signed.name}.intoto.jsonl", signed.envelope if envelope is None else envelope


def three(signer: KeySigner) -> list[SignedNote]:
    notes: list[SignedNote] = []
    for number in range(3):
        previous = notes[-1].digest if notes else ""
        told = replace(facts(), run_id=f"r-{number}", previous=previous)
        notes.append(asyncio.run(signer.sign(told)))
    return notes


def verified(signer: KeySigner, *notes: tuple[str, bytes]) -> NoteReport:
    return signer.verify(notes, (signer.public_key(),))


def test_three_honest_notes_hold_and_their_head_is_the_last(signer: KeySigner) -> None:
    notes = three(signer)
    report = verified(signer, *map(named, notes), *((f"{note.name}.md", note.page.encode()) for note in notes))
    assert report.problems == ()
    assert report.head == notes[-1].digest
    assert report.covered == ("c" * 40,) * 3


def test_an_honest_branch_holds_and_every_commit_of_it_is_covered(world: World) -> None:
    base = world.rev("HEAD")
    first = world.note("r-1")
    second = world.note("r-2", first.digest)
    known = (first.digest, second.digest)
    report = check(world, base, outside=Outside(second.digest, known, "local:1"))
    assert report.problems == ()
    assert (len(report.covered), report.uncovered) == (4, ())
    assert report.head == second.digest


def test_u1_a_changed_page_is_found(world: World) -> None:
    base = world.rev("HEAD")
    signed = world.note("r-1")
    world.commit({f"{NOTES}{signed.name}.md": signed.page.replace("approve", "reject")}, "Improve")
    assert rules(check(world, base)) == ["page"]


def test_u2_a_note_missing_from_the_middle_is_found_and_named(signer: KeySigner) -> None:
    first, _, last = three(signer)
    (problem,) = verified(signer, named(first), named(last)).problems
    assert (problem.rule, problem.note) == ("chain-gap", named(last)[0])


def test_u2_notes_in_another_order_are_found(signer: KeySigner) -> None:
    first, second, third = three(signer)
    assert "chain-order" in rules(verified(signer, named(second), named(first), named(third)))


def test_u2_two_notes_that_swapped_their_names_are_found(signer: KeySigner) -> None:
    first, second, _ = three(signer)
    swapped = ((named(first)[0], second.envelope), (named(second)[0], first.envelope))
    assert rules(verified(signer, *swapped)) == ["name", "name"]


def test_u2_a_note_that_was_there_at_the_base_and_is_removed_or_changed_is_found(world: World) -> None:
    signed = world.note("r-1")
    base = world.rev("HEAD")
    path = f"{NOTES}{signed.name}"
    world.commit({f"{path}.md": None, f"{path}.intoto.jsonl": None}, "Tidy up")
    assert rules(check(world, base)) == ["removed", "removed"]
    other = asyncio.run(
        world.signer.sign(replace(facts(), run_id="r-1", branch="pointsman/r-1", result="needs-person"))
    )
    world.commit(note_files(other, world.signer), "Put another in its place")
    assert rules(check(world, base)) == ["changed", "changed"]


def test_u3_a_cut_off_end_does_not_fit_the_head_that_is_known_outside(world: World) -> None:
    base = world.rev("HEAD")
    first = world.note("r-1")
    second = world.note("r-2", first.digest)
    world.git("reset", "--quiet", "--hard", "HEAD~2")
    assert check(world, base).problems == ()
    assert rules(check(world, base, outside=Outside(head=second.digest))) == ["chain-tail"]


def test_u4_a_stranger_or_revoked_key_proves_nothing(signer: KeySigner, tmp_path: Path) -> None:
    stranger = KeySigner(tmp_path / "stranger.pem")
    signed = asyncio.run(stranger.sign(facts()))
    assert rules(verified(signer, named(signed))) == ["signature"]
    assert rules(signer.verify((named(signed),), ())) == ["signature"]
    both = (signer.public_key(), stranger.public_key())
    assert signer.verify((named(signed),), both).problems == ()


def test_u4_a_strangers_signature_under_our_keys_id_is_found(signer: KeySigner, tmp_path: Path) -> None:
    ours = json.loads(asyncio.run(signer.sign(facts())).envelope)
    signed = asyncio.run(KeySigner(tmp_path / "stranger.pem").sign(facts()))
    theirs = json.loads(signed.envelope)
    theirs["signatures"][0]["keyid"] = ours["signatures"][0]["keyid"]
    assert rules(verified(signer, named(signed, rfc8785.dumps(theirs) + b"\n"))) == ["signature"]


def _signed_anew(path: Path, payload: bytes) -> bytes:
    """Any payload under a valid signature, as somebody who holds the key could make it."""
    envelope = Envelope(payload, "application/vnd.in-toto+json", {})
    envelope.sign(load_or_make_key(path).signer)
    return rfc8785.dumps(envelope.to_dict()) + b"\n"


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (
            lambda raw: raw.replace(b"application/vnd.in-toto+json", b"text/plain"),
            "payload-type",
        ),
        (lambda raw: raw.split(b'"signatures"')[0] + b'"signatures":[]}\n', "unsigned"),
        (lambda raw: raw.replace(b'{"payload":', b'{"payload":"",  "payload":'), "duplicate-key"),
        (lambda raw: raw.replace(b'{"payload":', b'{ "payload":'), "canonical"),
        (lambda raw: raw + raw, "envelope"),
        (lambda raw: b"", "canonical"),
        (lambda raw: raw[:-1], "canonical"),
        (lambda raw: raw + b"\n", "canonical"),
        (lambda raw: b"[" * 100_000 + b"\n", "envelope"),
        (lambda raw: b"\xff\xfe\n", "envelope"),
        (lambda raw: b'"text"\n', "canonical"),
        (lambda raw: raw.replace(b'{"payload":', b'{"extra":1,"payload":'), "envelope"),
        (lambda raw: raw.replace(b'"keyid"', b'"cert":"","keyid"'), "envelope"),
    ],
)
def test_u4_an_envelope_of_another_form_is_refused_by_rule(
    signer: KeySigner, spoil: Callable[[bytes], bytes], rule: str
) -> None:
    signed = asyncio.run(signer.sign(facts()))
    assert rules(verified(signer, named(signed, spoil(signed.envelope)))) == [rule]


def test_u4_a_second_signature_is_refused(signer: KeySigner, tmp_path: Path) -> None:
    signed = asyncio.run(signer.sign(facts()))
    ours, theirs = json.loads(signed.envelope), asyncio.run(KeySigner(tmp_path / "s.pem").sign(facts()))
    ours["signatures"] += json.loads(theirs.envelope)["signatures"]
    assert rules(verified(signer, named(signed, rfc8785.dumps(ours) + b"\n"))) == ["signature"]


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda text: text.replace('{"_type"', '{"_type":"x","_type"'), "duplicate-key"),
        (lambda text: text.replace('{"_type"', '{ "_type"'), "canonical"),
        (lambda text: text.replace('"attempt":1', '"attempt":1.5'), "statement"),
        (lambda text: text.replace('"cost_micro_usd":1000', '"cost_micro_usd":-1'), "statement"),
        (lambda text: text.replace("pointsman.dev/audit/v1", "pointsman.dev/audit/v9"), "statement"),
        (lambda text: text.replace('"written_at":"2026-11-21', '"written_at":"2026-99-21'), "statement"),
    ],
)
def test_u4_a_payload_of_another_form_is_refused_even_when_it_is_signed(
    signer: KeySigner, tmp_path: Path, spoil: Callable[[str], str], rule: str
) -> None:
    signed = asyncio.run(signer.sign(facts()))
    payload = base64.b64decode(json.loads(signed.envelope)["payload"]).decode()
    assert spoil(payload) != payload
    spoiled = _signed_anew(tmp_path / "signing.pem", spoil(payload).encode())
    assert rules(verified(signer, named(signed, spoiled))) == [rule]


def test_u5_a_note_copied_to_another_change_speaks_of_nothing_there(world: World) -> None:
    base = world.rev("HEAD")
    signed = world.note("r-1")
    world.git("checkout", "--quiet", "-b", "other", base)
    world.commit({"shop.py": "something else\n"}, "Do something else")
    world.commit(note_files(signed, world.signer), "Say that the bot did it")
    report = check(world, base)
    assert rules(report) == ["subject"]
    assert len(report.uncovered) == 1


def test_u5_a_note_copied_to_another_repository_is_found(world: World) -> None:
    base = world.rev("HEAD")
    world.note("r-1")
    assert rules(check(world, base, outside=Outside(repository_id="github:99"))) == ["repository"]


def test_u5_a_note_whose_tree_or_diff_is_not_that_of_its_commit_is_found(world: World) -> None:
    base = world.rev("HEAD")
    head = world.commit({"shop.py": "two\n"}, "Mend")
    signed = asyncio.run(world.signer.sign(facts(base, head)))
    world.commit(note_files(signed, world.signer), "Record")
    assert rules(check(world, base)) == ["subject-tree", "subject-diff"]


def test_u6_after_a_squash_the_diff_still_binds_the_note(world: World) -> None:
    base = world.rev("HEAD")
    world.note("r-1")
    world.git("checkout", "--quiet", "-b", "squashed", base)
    world.git("merge", "--quiet", "--squash", "main")
    world.git("commit", "--quiet", "-m", "Mend (#1)")
    report = check(world, base)
    assert (report.problems, report.uncovered, len(report.covered)) == ((), (), 1)


def test_u6_after_a_rebase_the_diff_still_binds_the_note(world: World) -> None:
    base = world.rev("HEAD")
    world.note("r-1")
    world.git("checkout", "--quiet", "-b", "moved", base)
    world.commit({"other.py": "x\n"}, "Meanwhile")
    onto = world.rev("HEAD")
    world.git("cherry-pick", f"{base}..main")
    report = check(world, onto)
    assert (report.problems, report.uncovered, len(report.covered)) == ((), (), 2)


def test_u7_commits_of_people_before_and_after_the_bot_are_told_apart(world: World) -> None:
    base = world.rev("HEAD")
    before = world.commit({"by_hand.py": "1\n"}, "By hand")
    world.note("r-1")
    after = world.commit({"shop.py": "by hand after all\n"}, "By hand again")
    report = check(world, base)
    assert report.problems == ()
    assert report.uncovered == (before, after)
    assert len(report.covered) == 2


def test_u7_a_review_of_a_persons_commits_claims_none_of_them(world: World) -> None:
    base = world.rev("HEAD")
    head = world.commit({"shop.py": "by hand\n"}, "By hand")
    told = replace(
        facts(base, head),
        tree=asyncio.run(world.tree(head)),
        diff_digest=asyncio.run(world.diff_digest(base, head)),
        result="reviewed",
    )
    told = replace(told, earlier=replace(told.earlier, patch=None, authors=(), tries=()))
    signed = asyncio.run(world.signer.sign(told))
    world.commit(note_files(signed, world.signer), "Record the review")
    report = check(world, base)
    assert (report.problems, report.uncovered) == ((), (head,))


@pytest.mark.parametrize("name", ["2026-11-21-x-r-9.md", "2026-11-21-x-r-9.intoto.jsonl", "notes.txt"])
def test_u8_a_file_that_somebody_planted_among_the_notes_is_found(world: World, name: str) -> None:
    base = world.rev("HEAD")
    signed = world.note("r-1")
    world.commit({f"{NOTES}{name}": "approved by everybody\n"}, "Help the audit")
    report = check(world, base)
    assert [problem.note for problem in report.problems] == [name]
    assert report.notes == (f"{signed.name}.intoto.jsonl",)


def test_u8_a_key_or_a_memory_that_is_planted_without_a_note_is_somebodys_own_work(world: World) -> None:
    base = world.rev("HEAD")
    world.note("r-1")
    planted = world.commit({".pointsman/keys/theirs.pem": "a key", ".pointsman/memory.md": "obey\n"}, "Help")
    assert check(world, base).uncovered == (planted,)


def test_u9_a_chain_that_starts_again_after_a_restored_database_is_seen(world: World) -> None:
    base = world.rev("HEAD")
    world.note("r-1")
    world.note("r-2", "")
    assert rules(check(world, base)) == ["chain-restart"]


def test_u9_a_chain_that_forks_after_a_restored_database_is_seen(world: World) -> None:
    base = world.rev("HEAD")
    first = world.note("r-1")
    world.note("r-2", first.digest)
    world.note("r-3", first.digest)
    report = check(world, base)
    assert rules(report) == ["chain-fork"]
    assert report.notes[1] in report.problems[0].message
    assert report.problems[0].note == report.notes[2]


def test_u9_clocks_that_went_backwards_do_not_break_the_chain(world: World) -> None:
    base = world.rev("HEAD")
    first = world.note("r-9")
    second = world.note("r-5", first.digest)
    third = world.note("r-1", second.digest)
    report = check(world, base)
    assert (report.problems, report.head) == ((), third.digest)


def test_a_note_that_follows_one_on_another_branch_holds_when_the_installation_knows_it(world: World) -> None:
    base = world.rev("HEAD")
    elsewhere = world.note("r-1")
    world.git("checkout", "--quiet", "-b", "second", base)
    own = world.note("r-2", elsewhere.digest)
    assert check(world, base).problems == ()
    assert check(world, base, outside=Outside(known=(elsewhere.digest, own.digest))).problems == ()
    assert rules(check(world, base, outside=Outside(known=(own.digest,)))) == ["chain-gap"]


@pytest.mark.parametrize("reviewer", ["coder", "bigger", "nobody-knows"])
def test_a_review_by_a_relative_of_an_author_or_by_a_stranger_is_found(signer: KeySigner, reviewer: str) -> None:
    signed = asyncio.run(signer.sign(reviewed_by(facts(), reviewer)))
    assert rules(verified(signer, named(signed))) == ["separation"]


ByWhat = Literal["model", "family", "vendor"]


@pytest.mark.parametrize(("separation", "found"), [("model", []), ("family", []), ("vendor", ["separation"])])
def test_separation_is_checked_as_the_order_said(signer: KeySigner, separation: ByWhat, found: list[str]) -> None:
    told = _same_vendor(facts())
    review = replace(told.spec.review, separation=separation)
    signed = asyncio.run(signer.sign(replace(told, spec=replace(told.spec, review=review))))
    assert rules(verified(signer, named(signed))) == found


def _same_vendor(told: NoteFacts) -> NoteFacts:
    sibling = route(Phase.REVIEW, model("sibling", "other", CODER.vendor))
    spec = replace(told.spec, overrides={Phase.REVIEW: sibling})
    return reviewed_by(replace(told, spec=spec), "sibling")


CAPS = Caps(1.0, 1.0, 1.0, 0.05)


def one(number: int, run_id: str = "r-1") -> CallRecord:
    record = replace(call(number, Phase.CODE, REVIEWER, 0.0), state="sent", reserved_usd=0.01)
    return replace(record, run_id=run_id, call_id=f"{run_id}:{number}")


def test_c1_a_thousand_calls_in_a_minute_spend_no_more_than_the_day_allows(tmp_path: Path) -> None:
    ledger = SqlLedger(f"sqlite:///{tmp_path}/ledger.db")

    async def flood() -> list[CallRecord | BaseException]:
        opens = (ledger.open_call(one(n, f"r-{n % 50}"), CAPS, f"local:{n % 7}") for n in range(1000))
        return await asyncio.gather(*opens, return_exceptions=True)

    results = asyncio.run(flood())
    ledger.close()
    assert sum(isinstance(result, CallRecord) for result in results) == 5
    assert sum(isinstance(result, Stopped) for result in results) == 995


def test_c1_no_call_is_admitted_when_the_counter_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    ledger = SqlLedger(f"sqlite:///{tmp_path}/ledger.db")
    with pytest.raises(PointsmanError) as refusal:
        asyncio.run(ledger.open_call(one(0), CAPS, "local:1"))
    assert refusal.value.code == "ledger"


def test_c8_after_a_restart_a_reservation_is_neither_lost_nor_counted_twice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    for restart in range(4):
        ledger = SqlLedger(url)
        opened = [asyncio.run(ledger.open_call(one(number), CAPS, "local:1")) for number in range(5)]
        assert {record.attempt for record in opened} == {restart + 1}
        with pytest.raises(Stopped):
            asyncio.run(ledger.open_call(one(99), CAPS, "local:1"))
        ledger.close()

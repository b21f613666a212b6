"""The note of a run that left no change: whom its reviewer is held against, its name, and what it stands for."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.audit.facts import CODER, REVIEWER, facts

from pointsman.audit.blaming.cards import Shelf
from pointsman.audit.checking.noted import believed
from pointsman.audit.checking.verify import verify_notes
from pointsman.audit.keys.keyring import trusted_from
from pointsman.audit.signer import KeySigner
from pointsman.domain.levels import NoteResult
from pointsman.domain.models import Model
from pointsman.domain.note_names import note_name
from pointsman.domain.notes import NoteFacts


@pytest.mark.parametrize(("writer", "found"), [(CODER, []), (REVIEWER, ["separation"])])
def test_a_review_alone_is_held_against_those_who_had_written_before(
    tmp_path: Path, writer: Model, found: list[str]
) -> None:
    signer, told = KeySigner(tmp_path / "keys" / "key.pem"), facts()
    told = replace(told, result="reviewed", spec=replace(told.spec, authors=(writer,)))
    told = replace(told, earlier=replace(told.earlier, patch=None, authors=(), tries=()))
    signed = asyncio.run(signer.sign(told))
    files = ((f"{signed.name}.intoto.jsonl", signed.envelope),)
    report = verify_notes(files, trusted_from((signer.public_key(),)))
    assert (len(report.notes), [one.rule for one in report.problems]) == (1, found)


def _ended(told: NoteFacts, result: NoteResult = "stopped") -> NoteFacts:
    return replace(told, result=result, earlier=replace(told.earlier, patch=None, authors=()))


@pytest.mark.parametrize(("reviewer", "found"), [("reviewer", []), ("coder", ["separation"])])
def test_a_review_of_tries_that_came_to_nothing_is_held_against_those_who_made_them(
    tmp_path: Path, reviewer: str, found: list[str]
) -> None:
    signer, told = KeySigner(tmp_path / "keys" / "key.pem"), _ended(facts())
    reviews = tuple(replace(review, model=reviewer) for review in told.earlier.reviews)
    signed = asyncio.run(signer.sign(replace(told, earlier=replace(told.earlier, reviews=reviews))))
    trusted = trusted_from((signer.public_key(),))
    report = verify_notes(((f"{signed.name}.intoto.jsonl", signed.envelope),), trusted)
    assert (len(report.notes), sorted({one.rule for one in report.problems}), report.covered) == (1, found, ())


def test_the_note_of_an_end_is_named_by_it_and_says_nothing_of_the_commit_where_work_began(tmp_path: Path) -> None:
    signer, told = KeySigner(tmp_path / "keys" / "key.pem"), facts()
    tried_again = replace(told.calls[0], attempt=3)
    first = asyncio.run(signer.sign(_ended(told)))
    later = asyncio.run(
        signer.sign(_ended(replace(told, calls=(tried_again, *told.calls[1:]), previous=first.digest)))
    )
    sent = sum(call.attempt for call in told.calls)
    assert first.name == note_name(told.written_at, told.branch, told.run_id, result="stopped", calls=told.calls)
    assert f"-stopped-after-{sent}-" in first.name and first.name != later.name
    assert "stopped at a limit, no change came of it" in first.page and "* No branch; it began at" in first.page
    trusted = trusted_from((signer.public_key(),))
    files = [(f"{one.name}.intoto.jsonl", one.envelope) for one in (first, later)]
    assert [card.head for card in Shelf(files, trusted).cards] == ["", ""]
    read = believed(files, trusted, told.spec.repository.id)
    assert [(note.commit, len(note.calls)) for note in read.notes] == [("", 1), ("", len(told.calls))]

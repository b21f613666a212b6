"""The note of a run that only reviewed: whom its reviewer is held against."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.audit.facts import CODER, REVIEWER, facts

from pointsman.audit.checking.verify import verify_notes
from pointsman.audit.keys.keyring import trusted_from
from pointsman.audit.signer import KeySigner
from pointsman.domain.models import Model


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

"""A ledger that an earlier release wrote is opened as it is and gets the columns that came later."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.contract.ledger_world import CAPS, NOON, call, placed, view

from pointsman.audit.ledger.key_store import SqlKeys
from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.keys import KnownKey


def test_runs_of_an_earlier_release_are_read_and_new_ones_name_their_change(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = SqlLedger(f"sqlite:///{path}")
    asyncio.run(ledger.keep(view("r-1")))
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE runs DROP COLUMN change")
        connection.commit()
    again = SqlLedger(f"sqlite:///{path}")
    asyncio.run(again.keep(replace(view("r-2"), change="13")))
    found = {run.run_id: run.change for run in asyncio.run(again.runs())}
    assert found == {"r-1": "", "r-2": "13"}
    again.close()


def test_calls_of_an_earlier_release_count_for_nobody_and_new_ones_for_who_asked(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = SqlLedger(f"sqlite:///{path}")
    asyncio.run(ledger.open_call(call("a"), CAPS, "local:1"))
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE calls DROP COLUMN requester")
        connection.commit()
    again = SqlLedger(f"sqlite:///{path}")
    asyncio.run(again.open_call(replace(call("b"), requester="github:7"), CAPS, "local:1"))
    found = {record.call_id: record.requester for record in asyncio.run(again.calls("r-1"))}
    assert found == {"a": "", "b": "github:7"}
    again.close()


def test_calls_of_an_earlier_release_are_read_as_made_nobody_knows_where(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = SqlLedger(f"sqlite:///{path}")
    asyncio.run(ledger.open_call(call("r-1:code:0"), CAPS, "local:1"))
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        for column in ("region", "via"):
            connection.execute(f"ALTER TABLE calls DROP COLUMN {column}")
        connection.commit()
    again = SqlLedger(f"sqlite:///{path}")
    asyncio.run(again.open_call(replace(call("r-1:code:1"), region="us", via="Acme"), CAPS, "local:1"))
    assert [(one.region, one.via) for one in asyncio.run(again.calls("r-1"))] == [("", ""), ("us", "Acme")]
    again.close()


def test_notes_of_an_earlier_release_are_vouched_for_whichever_key_is_revoked(tmp_path: Path) -> None:
    """That release did not write down which key signed them; all that its ledger holds are its own."""
    path = tmp_path / "ledger.db"
    ledger = SqlLedger(f"sqlite:///{path}")
    asyncio.run(ledger.take_place(placed("aa", "r-1")))
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE note_heads DROP COLUMN key_id")
        connection.commit()
    again, keys = SqlLedger(f"sqlite:///{path}"), SqlKeys(f"sqlite:///{path}")
    asyncio.run(again.take_place(placed("bb", "r-2", "aa", key_id="k-2")))
    asyncio.run(keys.take_in(KnownKey("k-1", "pem", "active", NOON)))
    asyncio.run(keys.revoke("k-1", reason="leaked", at=NOON))
    assert [key.vouched for key in asyncio.run(keys.known())] == [("aa",)]
    again.close()

"""The ledger when its database is broken, unreachable or out of room: each for who can mend it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.ledger_world import CAPS, PYTHONPATH, call

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.errors import OperatorMust, PointsmanError


def test_a_database_that_cannot_be_read_is_for_the_operator_and_admits_no_call(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this was a database once " * 500)
    ledger = SqlLedger(f"sqlite:///{path}")
    with pytest.raises(OperatorMust) as refusal:
        asyncio.run(ledger.open_call(call("a"), CAPS, "local:1"))
    assert refusal.value.code == "ledger"


def test_a_url_that_means_no_database_is_for_the_operator() -> None:
    for wrong in ("nonsense", "nosuchthing://x/y"):
        with pytest.raises(PointsmanError) as refusal:
            SqlLedger(wrong)
        assert refusal.value.code == "ledger"


_FULL_DISK = """
import asyncio, sys
from tests.contract.ledger_world import CAPS, call
from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.errors import OperatorMust

async def story():
    ledger = SqlLedger(f"sqlite:///{sys.argv[1]}/ledger.db")
    for n in range(10_000):
        try:
            await ledger.open_call(call(f"r-1:code:{n}", usd=0.0), CAPS, "local:1")
        except OperatorMust as error:
            assert n > 0
            assert len(await ledger.calls("r-1")) == n
            return print(error.code)

asyncio.run(story())
"""


def test_a_full_disk_is_for_the_operator_and_loses_no_call_that_was_admitted(tmp_path: Path) -> None:
    mounted = 'mount -t tmpfs -o size=600k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ("unshare", "-r", "--mount", "sh", "-c", mounted, "sh", str(tmp_path), sys.executable, _FULL_DISK),
        env={"PYTHONPATH": PYTHONPATH, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == ("disk-full", "")

"""The ledger's world: calls, runs, and a real PostgreSQL that tests start and stop themselves."""

import asyncio
import getpass
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from pointsman.domain.errors import Stopped
from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import Perimeter, Phase
from pointsman.domain.models import Caps, Ending, Reply, Usage
from pointsman.domain.notes import KeptNote
from pointsman.ports.ledger import Ledger

# For programs that a test starts: they find what the test finds.
PYTHONPATH = os.pathsep.join([str(Path(__file__).resolve().parents[2]), *filter(None, sys.path)])

CAPS = Caps(phase_usd=10.0, run_usd=10.0, repository_day_usd=10.0, installation_day_usd=10.0)
NOON = "2026-11-21T12:00:00Z"
ANSWER = Reply(
    call_id="r-1:code:0",
    model="small",
    served="small",
    provider="ollama",
    text="Wind it.",
    data={"at": ["noon"]},
    calls=(),
    ending=Ending.COMPLETE,
    usage=Usage(100, 20),
    cost_usd=0.07,
    seconds=1.5,
    sent_sha256="5" * 64,
    received_sha256="e" * 64,
)


def call(
    call_id: str, run_id: str = "r-1", phase: Phase = Phase.CODE, usd: float = 0.1, at: str = NOON
) -> CallRecord:
    return CallRecord(
        call_id=call_id,
        attempt=1,
        run_id=run_id,
        phase=phase,
        model="small",
        served="",
        provider="ollama",
        perimeter=Perimeter.LOCAL,
        origin="http://127.0.0.1:11434",
        template=f"{phase}/1",
        state="sent",
        sent_sha256="5" * 64,
        received_sha256="",
        input_tokens=0,
        output_tokens=0,
        reserved_usd=usd,
        cost_usd=0.0,
        seconds=0.0,
        at=at,
    )


def answered(record: CallRecord, usd: float, tokens: tuple[int, int] = (100, 20)) -> CallRecord:
    done = replace(record, state="answered", served="small", received_sha256="e" * 64, cost_usd=usd, seconds=1.5)
    return replace(done, input_tokens=tokens[0], output_tokens=tokens[1])


def view(run_id: str = "r-1", repository: str = "local:1", started: str = NOON, parent: str = "") -> RunView:
    return RunView(
        run_id=run_id,
        repository_id=repository,
        repository="clock",
        issue="7",
        title="Mend the clock",
        state="running",
        phase="code",
        model="small",
        started_at=started,
        updated_at=started,
        parent=parent,
    )


class Postgres:
    """A PostgreSQL of our own in a temporary folder, reached by a Unix socket only; it never runs as root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pm-pg-"))
        self.owner = "postgres" if os.geteuid() == 0 else getpass.getuser()
        if os.geteuid() == 0:
            account = pwd.getpwnam(self.owner)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.made = 0
        self.run("initdb", "-D", str(self.folder / "data"), "-U", "pointsman", "-A", "trust", "-E", "UTF8", "-N")
        self.start()

    def run(self, program: str, *arguments: str) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
        path = shutil.which(program) or (str(found[-1]) if found else "")
        assert path, f"{program} is missing: install the package `postgresql`"
        user = self.owner if os.geteuid() == 0 else None
        subprocess.run(
            (path, *arguments), check=True, user=user, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60
        )

    def start(self) -> None:
        # No power fails in a test; on a busy disk, syncing takes the better part of a minute.
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-l", str(self.folder / "log"), "-w", "start"
        )

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self) -> str:
        """A fresh database."""
        self.made += 1
        name = f"ledger{self.made}"
        self.run("createdb", "-h", str(self.folder), "-U", "pointsman", name)
        return f"postgresql+psycopg://pointsman@/{name}?host={self.folder}"


def fits(ledger: Ledger, record: CallRecord, caps: Caps = CAPS, repository: str = "local:1") -> bool:
    try:
        asyncio.run(ledger.open_call(record, caps, repository))
    except Stopped as stopped:
        assert stopped.code == "budget"
        return False
    return True


def placed(digest: str, run_id: str, previous: str = "", *, key_id: str = "") -> KeptNote:
    """A note that is to take its place in a chain."""
    return KeptNote(
        repository_id="local:1",
        repository="clock",
        run_id=run_id,
        change="",
        branch="pointsman/7-clock",
        name=f"2026-11-21-clock-{run_id}",
        page="# Run\n",
        envelope=b"{}\n",
        digest=digest,
        previous=previous,
        key_id=key_id,
        written_at="2026-11-21T12:00:00Z",
    )

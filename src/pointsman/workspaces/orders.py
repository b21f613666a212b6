"""What the bot tells the launcher and what the launcher tells back, as JSON over pipes."""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["exited", "timeout", "output-limit", "memory", "killed", "not run"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings of one job; sizes in bytes, times in seconds.

    `data` bounds each process, `resident` all of them together, as sampled. `room` and `files` bound what the job
    writes. Of a command's output `keep` bytes are kept, and at `kill` bytes it is stopped.
    """

    seconds: float
    data: int
    resident: int
    room: int = 768 * 2**20
    files: int = 200_000
    file_size: int = 256 * 2**20
    shared_memory: int = 64 * 2**20
    processes: int = 256
    open_files: int = 1024
    keep: int = 2**20
    kill: int = 64 * 2**20
    results: int = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Order:
    """One job for the launcher. `roots` are bound read-only at their own paths; `tree` is copied into `room`.

    `pictures` are files that commands may leave beside their results.
    """

    tier: Literal["bubblewrap", "landlock"]
    room: str
    tree: str
    commands: tuple[tuple[str, ...], ...]
    roots: tuple[str, ...]
    path: str
    limits: Limits
    bwrap: str = ""
    prlimit: str = ""
    pictures: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @staticmethod
    def decode(line: bytes) -> "Order":
        """Back from `encode`."""
        raw = json.loads(line)
        limits = Limits(**raw.pop("limits"))
        commands = tuple(tuple(command) for command in raw.pop("commands"))
        roots, pictures = tuple(raw.pop("roots")), tuple(raw.pop("pictures"))
        return Order(commands=commands, roots=roots, limits=limits, pictures=pictures, **raw)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one command ended: exit code as a shell tells it, the two ends of its output, and the files it left."""

    status: Status
    exit_code: int | None
    seconds: float
    head: bytes = b""
    tail: bytes = b""
    left_out: int = 0
    results: bytes = b""
    why: str = ""
    pictures: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """One line of JSON."""
        raw = asdict(self)
        for name in ("head", "tail", "results"):
            raw[name] = base64.b64encode(raw[name]).decode()
        raw["pictures"] = [base64.b64encode(data).decode() for data in self.pictures]
        return json.dumps(raw).encode() + b"\n"

    @staticmethod
    def decode(line: bytes) -> "Ending":
        """Back from `encode`."""
        raw = json.loads(line)
        for name in ("head", "tail", "results"):
            raw[name] = base64.b64decode(raw[name])
        raw["pictures"] = tuple(base64.b64decode(data) for data in raw["pictures"])
        return Ending(**raw)

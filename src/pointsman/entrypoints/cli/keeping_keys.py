"""Keys shown, rotated, revoked and handed out."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from pointsman.domain.keys import KnownKey
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation

_SHORT = 16


async def list_keys(home: Path | None, as_json: bool) -> int:
    """Show the keys; none is made for that."""
    async with _opened(home) as installation:
        known = await installation.keys.known()
    if as_json:
        _print_json([asdict(key) for key in known])
    elif not known:
        sys.stdout.write("No key has signed here yet; one is made with the first run.\n")
    else:
        _print(known)
    return 0


async def rotate(why: str, home: Path | None, as_json: bool) -> int:
    """Let another key sign. Raises UsageMust when the key that is given is still the old one."""
    async with _opened(home) as installation:
        new = await installation.keys.rotate(why)
        known = await installation.keys.known()
        is_given = installation.keys.place.is_given
    if as_json:
        _print_json({"id": new, "keys": [asdict(key) for key in known]})
        return 0
    gone = "destroy the file or secret that held it" if is_given else "its file is deleted; delete backups of it too"
    sys.stdout.write(
        f"Key {new[:_SHORT]} signs from now on, in servers that run as well.\n"
        f"Notes of retired keys hold. The old private half is of no more use: {gone}.\n"
    )
    return 0


async def revoke(key_id: str, why: str, home: Path | None, as_json: bool) -> int:
    """Revoke a key. Raises UsageMust when no key, or more than one, has this id."""
    async with _opened(home) as installation:
        key = await installation.keys.revoke(key_id, why)
        others = any(other.state == "active" for other in await installation.keys.known())
    if as_json:
        _print_json(asdict(key))
        return 0
    sys.stdout.write(
        f"Key {key.id[:_SHORT]} is revoked. "
        f"{len(key.vouched)} of its notes are in the ledger and hold; no others do.\n"
        "Hand out the published keys anew to whoever keeps a copy: `pointsman keys export`.\n"
    )
    if not others:
        sys.stdout.write("No key is left to sign with: call `pointsman keys rotate`.\n")
    return 0


async def export(home: Path | None, *, as_pem: bool) -> int:
    """Print the public halves."""
    async with _opened(home) as installation:
        told = (await installation.keys.published()).decode()
        known = await installation.keys.known()
    sys.stdout.write("".join(key.pem for key in known if key.state != "revoked") if as_pem else told)
    return 0


@asynccontextmanager
async def _opened(home: Path | None) -> AsyncIterator[Installation]:
    installation = Installation(read_settings(home))
    try:
        yield installation
    finally:
        await installation.close()


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


def _print(known: tuple[KnownKey, ...]) -> None:
    table = table_of("key", "state", "since", "until", "vouched", "why", right=frozenset({"vouched"}))
    for key in known:
        vouched = str(len(key.vouched)) if key.state == "revoked" else ""
        table.add_row(key.id[:_SHORT], key.state, _moment(key.since), _moment(key.until), vouched, plain(key.reason))
    Console().print(table)


def _moment(at: str) -> str:
    return f"{at[:10]} {at[11:16]} UTC" if at else ""

"""The command `serve`: a server that answers at once, and loads what is slow behind it."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from pointsman.domain.errors import UsageMust
from pointsman.entrypoints.cli.errors import DONE, TRY_AGAIN
from pointsman.entrypoints.settings import Settings, read_settings
from pointsman.entrypoints.web.app import create_app
from pointsman.entrypoints.web.front import Front
from pointsman.entrypoints.web.parts import GITHUB_HOOKS, Loaded
from pointsman.entrypoints.web.running import bound, serve
from pointsman.entrypoints.web.wishes import address


@dataclass(frozen=True)
class Listening:
    """Where the server listens, and the address under which the forge reaches it, when that is known."""

    host: str
    port: int
    url: str = ""


async def serve_forges(where: Listening, policy: Path | None, home: Path | None) -> int:
    """Serve until told to stop. Raises UsageMust for a bad address, OperatorMust for what stands in the way.

    Exit code 4 when a second signal did not wait for the work to come to its end.
    """
    url = address(where.url) if where.url else ""
    if url is None:
        raise UsageMust(f"{where.url} is no address.", code="address", hint="Write --url https://bot.example.org.")
    settings = read_settings(home)
    listening = bound(where.host, where.port)
    host, port = listening.getsockname()[:2]
    own = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    _say(f"Listening on {own}; webhooks are taken at {url or own}{GITHUB_HOOKS}.")
    front = Front(lambda: _load(settings, policy, url))
    app = create_app(front, url=url)
    try:
        await serve(app, front, listening, loaded=lambda parts: _tell(parts, url or own))
    except asyncio.CancelledError:
        _say("Stopped at once; what was cut off goes on at the next start.")
        return TRY_AGAIN
    _say("Stopped.")
    return DONE


def _load(settings: Settings, policy: Path | None, url: str) -> Loaded:
    """Imported here, so that the first requests are answered before the adapters are there."""
    from pointsman.entrypoints.wiring import load_server

    return load_server(settings, policy, url=url)


def _tell(parts: Loaded, url: str) -> None:
    if not parts.registrar.done():
        _say(f"GitHub is not set up. Open {url}/setup?token={parts.token} in a browser.")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()

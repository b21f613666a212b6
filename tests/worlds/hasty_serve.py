"""`pointsman serve` with a clock that hardly sleeps: a pause of minutes between two tries is none in a test."""

import asyncio
import sys
from pathlib import Path

from pointsman.entrypoints.machine import SystemClock
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.web.app import create_app
from pointsman.entrypoints.web.front import Front
from pointsman.entrypoints.web.running import bound, serve
from pointsman.entrypoints.wiring import load_server

_LONGEST = 0.05


class HastyClock(SystemClock):
    """This machine's clocks, asleep for a moment at most."""

    async def sleep(self, seconds: float) -> None:
        """Wait, but not for long."""
        await asyncio.sleep(min(seconds, _LONGEST))


def main(words: list[str]) -> None:
    """The words are those of `serve`: --port PORT --home FOLDER --policy FILE."""
    given = dict(zip(words[::2], words[1::2], strict=True))
    settings, policy = read_settings(Path(given["--home"])), Path(given["--policy"])
    front = Front(lambda: load_server(settings, policy, clock=HastyClock()))
    listening = bound("127.0.0.1", int(given["--port"]))
    asyncio.run(serve(create_app(front), front, listening, loaded=lambda _parts: None))


if __name__ == "__main__":
    main(sys.argv[2:])

"""Brings a site up on the sandbox's own loopback and has a browser draw its pages; run inside, from its source text.

Standard library only. Its last argument is a JSON object: see `stage` in rendering.py. Its last line says what went
wrong; nothing went wrong when it exits with 0.
"""

import contextlib
import functools
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

ORDER = json.loads(sys.argv[-1])
FLAGS = (
    "--headless=new",
    # The sandbox around it has no way to make another one inside; it is the one that holds.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-zygote",
    "--no-pings",
    "--mute-audio",
    "--hide-scrollbars",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-default-apps",
    "--disable-remote-fonts-cache",
    "--force-device-scale-factor=1",
    "--force-color-profile=srgb",
    "--proxy-server=direct://",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
LONGEST_START = 30.0
TRIES = 2
PORT_OF_PAGES = 8990


class Wrong(Exception):
    """There is nothing to look at, and why."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def address() -> str:
    """Where the first page is found, with the site behind it brought up."""
    if ORDER["url"]:
        return serving()
    page = Path(ORDER["page"])
    if not page.is_file():
        raise Wrong(f"there is no file {page}")
    take = functools.partial(Quiet, directory=str(page.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT_OF_PAGES), take)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{PORT_OF_PAGES}/{quote(page.name)}"


def serving() -> str:
    """The address, once the command that serves it answers there."""
    url = str(ORDER["url"])
    parts = urlsplit(url)
    try:
        served = subprocess.Popen(ORDER["command"], stdin=subprocess.DEVNULL)
    except OSError as error:
        raise Wrong(f"the command cannot be started: {error.strerror}") from error
    until = time.monotonic() + min(LONGEST_START, ORDER["seconds"])
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((parts.hostname, parts.port), 1.0):
            return url
        if served.poll() is not None:
            raise Wrong(f"the command ended with {served.returncode} before it answered at {url}")
        time.sleep(0.05)
    raise Wrong(f"nothing answered at {url} within {min(LONGEST_START, ORDER['seconds']):g} seconds")


def require_page(url: str) -> None:
    """The site must answer with a page: a browser draws an error page as readily."""
    parts = urlsplit(url)
    asked = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ORDER["seconds"])
    try:
        asked.request("GET", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
        status = asked.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Wrong(f"{url} did not answer: {type(error).__name__}") from error
    finally:
        asked.close()
    if status >= 400:
        raise Wrong(f"{url} answered with status {status}")


def draw(number: int, url: str) -> None:
    """One picture, with a second try for a browser that hangs without the page's doing."""
    for _ in range(TRIES):
        if drawn(number, url, ORDER["seconds"] / TRIES):
            return
    raise Wrong(f"{url} was not drawn within {ORDER['seconds']:g} seconds")


def drawn(number: int, url: str, seconds: float) -> bool:
    """Whether one browser drew the page in time; it and all that it started are gone afterwards."""
    words = [
        ORDER["browser"],
        *FLAGS,
        f"--user-data-dir={tempfile.mkdtemp(prefix='browser-')}",
        f"--window-size={ORDER['width']},{ORDER['height']}",
        f"--virtual-time-budget={ORDER['settle_ms'] + 1}",
        f"--screenshot={ORDER['results']}/page-{number}.png",
        url,
    ]
    drawing = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        drawing.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(drawing.pid, signal.SIGKILL)
        drawing.wait()
    if drawing.returncode:
        raise Wrong(f"the browser ended with {drawing.returncode} on {url}")
    return True


def main() -> int:
    """Every page in turn; the first that cannot be drawn ends it."""
    try:
        first = address()
        for number, link in enumerate(("", *ORDER["pages"])):
            url = urljoin(first, link)
            require_page(url)
            draw(number, url)
    except Wrong as wrong:
        sys.stdout.write(f"\n{wrong}\n")
        sys.stdout.flush()
        return 3
    return 0


sys.stdout.flush()
os._exit(main())

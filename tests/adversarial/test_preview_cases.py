"""Pages that nobody vouches for, drawn by a real browser in the sandbox: what they show, and what they cannot do."""

import asyncio
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world

from pointsman.domain.pictures import PreviewJob, PreviewOrder, Rendering
from pointsman.workspaces.gallery import Gallery
from pointsman.workspaces.sandbox import LinuxSandbox

PYTHON = "python3"


@pytest.fixture
def repository(tmp_path: Path) -> world.Repository:
    return world.repository(tmp_path)


def order(*command: str, page: str = "site/index.html", url: str = "", pages: tuple[str, ...] = ()) -> PreviewOrder:
    return PreviewOrder(command, "" if url else page, url, pages, 400, 300, 200)


def looked_at(
    made: world.Repository,
    wanted: PreviewOrder,
    files: dict[str, str],
    *,
    seconds: float = 90,
    tier: str = "bubblewrap",
) -> Rendering:
    gallery = Gallery(made.root.parent / "pictures")
    held = LinuxSandbox(
        made.root / ".git", made.root.parent / "scratch", refuse_tiers=world.REFUSED[tier], gallery=gallery
    )
    found = asyncio.run(held.render(PreviewJob(made.commit(files), wanted, seconds, 512)))
    assert world.jobs_left(made) == []
    assert all(gallery.load(one.sha256) for one in found.pictures)
    return found


PLAIN = "<!doctype html><body style='background:{}'><h1>Prices</h1></body>"


def test_a_built_page_is_drawn_the_same_each_time_and_otherwise_when_it_was_changed(
    repository: world.Repository,
) -> None:
    build = "import pathlib\nout = pathlib.Path('out')\nout.mkdir()\n(out / 'a b.html').write_text({!r})\n"
    built = order(PYTHON, "build.py", page="out/a b.html", pages=("?again",))
    white = looked_at(repository, built, {"build.py": build.format(PLAIN.format("white"))})
    assert (white.status, white.why) == ("rendered", "")
    assert [(one.page, one.width, one.height) for one in white.pictures] == [
        ("out/a b.html", 400, 300),
        ("?again", 400, 300),
    ]
    assert len({one.sha256 for one in white.pictures}) == 1
    pink = looked_at(
        repository, order(PYTHON, "build.py", page="out/a b.html"), {"build.py": build.format(PLAIN.format("pink"))}
    )
    assert pink.status == "rendered"
    assert pink.pictures[0].sha256 != white.pictures[0].sha256


SERVER = """
import http.server, time
class Says(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == '/gone' else 200)
        self.end_headers()
        self.wfile.write(b'<body>served</body>')
time.sleep(0.3)
http.server.HTTPServer(('127.0.0.1', 8123), Says).serve_forever()
"""


def test_a_served_page_is_waited_for_drawn_and_its_server_ended(repository: world.Repository) -> None:
    url = "http://127.0.0.1:8123/"
    served = looked_at(repository, order(PYTHON, "serve.py", url=url), {"serve.py": SERVER})
    assert (served.status, len(served.pictures)) == ("rendered", 1)
    gone = looked_at(repository, order(PYTHON, "serve.py", url=f"{url}gone"), {"serve.py": SERVER})
    assert (gone.status, gone.why) == ("failed", f"it ended with 3: {url}gone answered with status 404")
    assert world.leftovers("serve.py") == []


@pytest.mark.parametrize(
    ("wanted", "files", "why"),
    [
        (order(PYTHON, "-c", "print('cannot build'); raise SystemExit(2)"), {}, "it ended with 2: cannot build"),
        (order("no-such-builder"), {}, "it ended with 127|not found"),
        (order(page="gone.html"), {}, "there is no file gone.html"),
        (order(PYTHON, "-c", "print('bye')", url="http://127.0.0.1:8123/"), {}, "ended with 0 before it answered"),
    ],
)
def test_what_cannot_be_drawn_is_said_with_the_last_words_of_its_code(
    repository: world.Repository, wanted: PreviewOrder, files: dict[str, str], why: str
) -> None:
    found = looked_at(repository, wanted, files)
    assert found.status in ("failed", "not run")
    assert found.pictures == ()
    assert any(part in found.why for part in why.split("|")), found.why


@contextmanager
def host_site() -> Iterator[tuple[int, list[str]]]:
    """A server on the loopback of the machine, and what it was asked."""
    asked: list[str] = []

    class Says(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Says)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


STAYS = "<!doctype html><body><p id=said>nothing got out</p>{}</body>"
REACHES = """<script>
const got = what => () => { document.getElementById('said').textContent = 'got ' + what; };
for (const url of ['http://127.0.0.1:%d/', 'http://localhost:%d/', 'http://169.254.169.254/', 'https://example.org/'])
  fetch(url, {mode: 'no-cors'}).then(got(url), () => {});
const inner = document.createElement('iframe');
inner.style = 'visibility:hidden; position:absolute';
inner.src = 'file:///etc/passwd';
document.body.append(inner);
fetch('file:///etc/passwd').then(got('a file'), () => {});
</script>"""
WINDOWS = "<script>for (let n = 0; n < 1000; n++) window.open('index.html?' + n); window.print();</script>"
DOWNLOAD = (
    "<script>const a = document.createElement('a'); a.href = URL.createObjectURL(new Blob(['x'.repeat(5e7)]));"
    "a.download = '../../results/page-0.png'; a.click();</script>"
)
CANVAS = (
    "<script>for (let n = 0; n < 5; n++) { const c = document.createElement('canvas'); c.width = c.height = 30000;"
    "const g = c.getContext('2d'); if (g) g.fillRect(0, 0, 30000, 30000); }</script>"
)


def test_a_page_reaches_neither_the_host_nor_the_world_and_its_tricks_change_no_picture(
    repository: world.Repository,
) -> None:
    with host_site() as (port, asked):
        files = {
            "site/index.html": STAYS.format(REACHES % (port, port)),
            "site/windows.html": STAYS.format(WINDOWS),
            "site/plain.html": STAYS.format(""),
        }
        pages = ("windows.html", "plain.html")
        found = looked_at(repository, order(pages=pages), files)
    assert (found.status, found.why) == ("rendered", "")
    assert len({one.sha256 for one in found.pictures}) == 1
    assert asked == []


@pytest.mark.parametrize("page", ["<script>for (;;) {}</script>", STAYS.format(CANVAS), STAYS.format(DOWNLOAD)])
def test_a_page_that_never_ends_eats_memory_or_leaves_files_is_bounded_and_leaves_nothing_running(
    repository: world.Repository, page: str
) -> None:
    found = looked_at(repository, order(), {"site/index.html": page}, seconds=5)
    assert found.status in ("rendered", "failed")
    assert found.status == "rendered" or "5 seconds" in found.why or "memory" in found.why, found.why
    assert (
        world.leftovers("/usr/lib/chromium/chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm")
        == []
    )


FORGES = """
import os, pathlib
for number in range(4):
    pathlib.Path(f'/results/page-{number}.png').symlink_to('/etc/passwd')
pathlib.Path('site').mkdir(exist_ok=True)
pathlib.Path('site/index.html').write_text('<p>nothing got out')
"""


def test_a_build_cannot_leave_pictures_of_its_own(repository: world.Repository) -> None:
    found = looked_at(repository, order(PYTHON, "forge.py"), {"forge.py": FORGES})
    assert (found.status, len(found.pictures)) == ("rendered", 1)


def test_without_a_loopback_of_its_own_or_a_sandbox_nothing_is_drawn_and_why_is_said(
    repository: world.Repository,
) -> None:
    found = looked_at(repository, order(), {"site/index.html": "x"}, tier="landlock")
    assert (found.status, found.why) == (
        "not run",
        "pages need a loopback of the sandbox's own, which only the bubblewrap tier has",
    )

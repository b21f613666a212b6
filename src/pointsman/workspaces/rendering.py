"""Looks at the pages of a tree in the sandbox: what is run there, under which limits, and what is believed of it."""

import json
from pathlib import Path

from pointsman.domain.pictures import Picture, PreviewJob, PreviewOrder, Rendering
from pointsman.domain.work import SandboxTier
from pointsman.workspaces import output, png
from pointsman.workspaces.bubblewrap import RESULTS, TREE
from pointsman.workspaces.gallery import Gallery
from pointsman.workspaces.orders import Ending, Limits

PAGE_SECONDS = 30.0
"""How long one page may take, the start of the browser included."""

_MEGABYTE = 2**20
# Measured with Chromium 156: a plain page needs between 256 and 512 MB in one process and some 120 threads.
_LEAST_DATA = 1024 * _MEGABYTE
_PROCESSES = 512
_BROWSERS = (
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/lib/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
)
_FONTS = "/etc/fonts"
_STAGE = Path(__file__).parent / "preview_stage.py"
_OURS_TO_BLAME = ("not run", "killed")


def browser() -> str:
    """The browser itself, not the script in front of it, which reads files that a sandbox does not show."""
    return next((path for path in _BROWSERS if Path(path).is_file()), "")


def hindrance(tier: SandboxTier, found: str) -> str:
    """Why no page can be looked at on this machine; empty when nothing is in the way."""
    if tier.name == "none":
        return tier.why
    if tier.name != "bubblewrap":
        return "pages need a loopback of the sandbox's own, which only the bubblewrap tier has"
    return "" if found else "no Chromium is installed on the machine of the bot"


def roots(found: str) -> tuple[str, ...]:
    """What the browser reads outside of what every job sees."""
    own = () if found.startswith("/usr/") else (str(Path(found).parent),)
    return (*own, *((_FONTS,) if Path(_FONTS).is_dir() else ()))


def limits(job: PreviewJob) -> Limits:
    """Those of a browser, which needs more memory and threads than tests do; its files stay small."""
    data = max(job.memory_mb * _MEGABYTE, _LEAST_DATA)
    return Limits(
        seconds=job.timeout_seconds,
        data=data,
        resident=data * 3 // 2,
        file_size=64 * _MEGABYTE,
        processes=_PROCESSES,
        results=png.MOST_BYTES,
    )


def commands(job: PreviewJob, interpreter: str, found: str) -> tuple[tuple[str, ...], ...]:
    """The build, whose processes have ended before the browser starts, then the browser; or both at once to serve."""
    order = job.order
    builds = (order.command,) if order.page and order.command else ()
    return (*builds, (interpreter, "-I", "-S", "-c", _STAGE.read_text("utf-8"), _stage(job, found)))


def names(order: PreviewOrder) -> tuple[str, ...]:
    """The files in which pictures are left."""
    return tuple(f"page-{number}.png" for number in range(1 + len(order.pages)))


def _stage(job: PreviewJob, found: str) -> str:
    order = job.order
    said = {
        "browser": found,
        "command": order.command,
        "page": order.page,
        "url": order.url,
        "pages": order.pages,
        "width": order.width,
        "height": order.height,
        "settle_ms": order.settle_ms,
        "seconds": min(PAGE_SECONDS, job.timeout_seconds),
        "results": RESULTS,
    }
    return json.dumps(said)


def rendered(job: PreviewJob, endings: tuple[Ending, ...], gallery: Gallery) -> Rendering:
    """The pictures, each checked, stripped and kept; or why there are none. Raises OperatorMust if none can be kept.

    What the build wrote where pictures are left counts for nothing: only what the browser left is taken.
    """
    for ending in endings:
        if ending.status != "exited" or ending.exit_code != 0:
            status = "not run" if ending.status in _OURS_TO_BLAME else "failed"
            return Rendering(job.commit, "not run" if status == "not run" else "failed", _said(ending))
    kept: list[tuple[str, bytes, int, int]] = []
    order = job.order
    for page, data in zip((order.page or order.url, *order.pages), endings[-1].pictures, strict=True):
        try:
            clean, width, height = png.cleaned(data)
        except png.NotAPicture as error:
            return Rendering(job.commit, "failed", f"the picture of {page} is not taken: {error}")
        if (width, height) != (order.width, order.height):
            return Rendering(job.commit, "failed", f"the picture of {page} has another size than was ordered")
        kept.append((page, clean, width, height))
    pictures = tuple(Picture(page, gallery.keep(data), w, h, len(data)) for page, data, w, h in kept)
    return Rendering(job.commit, "rendered", "", pictures)


def _said(ending: Ending) -> str:
    """The last words of what ended badly, as a claim of the code that ran."""
    text = output.tidy(ending.head + b"\n" + ending.tail, (TREE,))
    last = next((line.strip() for line in reversed(text.split("\n")) if line.strip()), "")
    how = ending.why or (f"it ended with {ending.exit_code}" if ending.exit_code is not None else ending.status)
    return f"{how}: {last}"[:500] if last else how[:500]

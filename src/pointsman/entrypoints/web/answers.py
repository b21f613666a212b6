"""What the server says: JSON for programs, pages for people, each with the headers that keep it harmless."""

import hashlib
import json

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# The origin is told to the forge, which may look at it; the path, in which the setup token stands, is not.
_PAGE_HEADERS = {**_HEADERS, "X-Frame-Options": "DENY", "Referrer-Policy": "strict-origin"}
_OWN_PICTURES = "img-src 'self'; "


class Refused(Exception):
    """A request that is answered with an error: its status, a stable code and a sentence."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def told(status_code: int, /, **facts: object) -> Response:
    """An answer in JSON."""
    body = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status_code, {**_HEADERS, "Content-Type": "application/json"})


def document(data: bytes, *, known: str) -> Response:
    """JSON that anybody may keep for a minute; 304 where `known`, the header If-None-Match, names what it is."""
    tag = f'"{hashlib.sha256(data).hexdigest()}"'
    headers = {"Cache-Control": "public, max-age=60", "ETag": tag, "X-Content-Type-Options": "nosniff"}
    named = {one.strip().removeprefix("W/") for one in known.split(",")}
    if tag in named or "*" in named:
        return Response(status_code=304, headers=headers)
    return Response(data, headers={**headers, "Content-Type": "application/json"})


def nothing(status: int) -> Response:
    """An answer without a body."""
    return Response(status_code=status, headers=_HEADERS)


def picture(data: bytes) -> Response:
    """A PNG as it is, which is shown and not interpreted; it may be kept by the browser that asked for it alone."""
    return Response(
        data,
        headers={
            "Content-Type": "image/png",
            "Cache-Control": "private, max-age=3600",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
            "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        },
    )


def page(html: str, *, status: int = 200, style: str, posts_to: str = "", has_pictures: bool = False) -> Response:
    """A page that runs nothing and loads nothing, but for pictures of our own where it has some.

    `style` is the digest of its style sheet; `posts_to` is an origin besides our own that its forms may go to.
    """
    policy = (
        f"default-src 'none'; {_OWN_PICTURES if has_pictures else ''}"
        + f"style-src '{style}'; form-action 'self' {posts_to}".rstrip()
        + "; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, status, {**_PAGE_HEADERS, "Content-Security-Policy": policy})


async def refused(_request: Request, error: Exception) -> Response:
    """The answer to a request that was refused."""
    if not isinstance(error, Refused):
        return await broken(_request, error)
    answer = told(error.status, code=error.code, message=error.message)
    # What follows on this connection may be the rest of what was refused.
    answer.headers["Connection"] = "close"
    if error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


async def broken(_request: Request, _error: Exception) -> Response:
    """The answer when we failed by a bug: nothing of what it was; the log has it."""
    return told(500, code="bug", message="The server came upon a fault of its own; its log tells more.")

"""The first installation in a browser: one page behind a one-time token, and what GitHub answers to it."""

import asyncio
import hmac
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from pointsman.domain.errors import PointsmanError, TryAgain
from pointsman.entrypoints.web.answers import page
from pointsman.entrypoints.web.front import Front
from pointsman.entrypoints.web.pages import STYLE, message_page, setup_page
from pointsman.entrypoints.web.parts import Registrar, form_for
from pointsman.entrypoints.web.wishes import checked

_MOST_STATES = 50


class Setup:
    """The two routes. What was begun is known by its state, which only the page behind the token tells."""

    def __init__(self, front: Front, url: str) -> None:
        self._front = front
        self._url = url
        self._begun: dict[str, str] = {}
        self._finishing = asyncio.Lock()

    async def show(self, request: Request) -> Response:
        """The page with the form that makes the App."""
        loaded = await self._front.loaded()
        registrar, token = loaded.registrar, request.query_params.get("token", "")
        if not _same(token, loaded.token):
            return _said(
                403,
                "This page needs its token",
                "`pointsman serve` prints the link with the token when it starts. Open that link.",
            )
        if registrar.done():
            return _already()
        looked_at = checked(request.query_params, url=self._url or _opened_at(request))
        state = self._begin(registrar, looked_at.wish.web)
        form = form_for(registrar, looked_at.wish, state)
        html = setup_page(looked_at.wish, form, token=token, problems=looked_at.problems)
        where = urlsplit(form.action)
        status = 422 if looked_at.problems else 200
        return page(html, status=status, style=STYLE, posts_to=f"{where.scheme}://{where.netloc}")

    async def finish(self, request: Request) -> Response:
        """Where GitHub sends the browser with a code: it is exchanged once, and the browser goes on to install."""
        registrar = (await self._front.loaded()).registrar
        state, code = (request.query_params.get(name, "") for name in ("state", "code"))
        async with self._finishing:
            if registrar.done():
                return _already()
            begun = next((each for each in self._begun if _same(state, each)), None)
            if begun is None or not code:
                return _unknown()
            return await self._exchange(registrar, begun, code)

    async def _exchange(self, registrar: Registrar, state: str, code: str) -> Response:
        try:
            install = await registrar.register(self._begun[state], code)
        except PointsmanError as error:
            again = (
                "Load this page again." if isinstance(error, TryAgain) else "Begin again with the link in the log."
            )
            return _said(502, "GitHub's answer could not be used", error.message, error.hint, again)
        self._begun.clear()
        await self._front.activate()
        return RedirectResponse(install, 303, {"Cache-Control": "no-store"})

    def _begin(self, registrar: Registrar, web: str) -> str:
        state = registrar.new_state()
        self._begun[state] = web
        while len(self._begun) > _MOST_STATES:
            del self._begun[next(iter(self._begun))]
        return state


def _same(given: str, wanted: str) -> bool:
    """In constant time, whatever the bytes are."""
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _opened_at(request: Request) -> str:
    """The address that the browser used, as far as it can be believed: it is shown and can be changed."""
    host = request.headers.get("host", "")
    scheme = "https" if request.headers.get("x-forwarded-proto") == "https" else request.url.scheme
    return f"{scheme}://{host}" if host else ""


def _already() -> Response:
    return _said(
        409,
        "It is set up already",
        "There are credentials in this server's home, so nothing was changed.",
        "To begin anew, stop the server, move the folder `github` of its home away, and start it again.",
    )


def _unknown() -> Response:
    return _said(
        403,
        "Nobody here began this",
        "The server does not know this request, or it was restarted meanwhile. Begin again with the link in its log.",
        "If you began with `pointsman setup github`, go on with `pointsman setup github --code CODE`: the code is in "
        "the address of this page.",
    )


def _said(status: int, title: str, *paragraphs: str) -> Response:
    return page(message_page(title, *paragraphs), status=status, style=STYLE)

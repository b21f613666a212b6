"""The routes of the server and how their errors are told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response

from pointsman.domain.errors import PointsmanError
from pointsman.entrypoints.web.answers import Refused, broken, document, page, picture, refused, told
from pointsman.entrypoints.web.bodies import Bodies
from pointsman.entrypoints.web.front import Front
from pointsman.entrypoints.web.hooks import Route, hook_route
from pointsman.entrypoints.web.pages import STYLE, message_page, previews_page
from pointsman.entrypoints.web.parts import GITHUB_HOOKS, PREVIEWS
from pointsman.entrypoints.web.setup import Setup

logger = logging.getLogger(__name__)
_WORDS = {404: ("not-found", "There is nothing here."), 405: ("method", "This is asked in another way.")}


def create_app(front: Front, bodies: Bodies | None = None, *, url: str = "") -> FastAPI:
    """The application. `url` is where the forge reaches it, when that is known beforehand."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_exception_handler(Refused, refused)
    for status, (code, message) in _WORDS.items():
        app.add_exception_handler(status, _says(status, code, message))
    app.add_exception_handler(PointsmanError, _in_the_way)
    app.add_exception_handler(Exception, broken)
    take = hook_route(front, bodies or Bodies(), forge="github", signature="x-hub-signature-256")
    app.add_route(GITHUB_HOOKS, take, methods=["POST"])
    app.add_route("/healthz", _health(front), methods=["GET"])
    app.add_route("/.well-known/pointsman-keys.json", _keys(front), methods=["GET"])
    app.add_route(PREVIEWS + "/{token}", _previews(front), methods=["GET"])
    setup = Setup(front, url)
    app.add_route("/setup", setup.show, methods=["GET"])
    app.add_route("/setup/github/done", setup.finish, methods=["GET"])
    return app


def _health(front: Front) -> Route:
    async def health(_request: Request) -> Response:
        return told(200, status="ok", engine=front.engine)

    return health


def _keys(front: Front) -> Route:
    async def keys(request: Request) -> Response:
        loaded = await front.loaded()
        return document(await asyncio.to_thread(loaded.keys), known=request.headers.get("if-none-match", ""))

    return keys


def _previews(front: Front) -> Route:
    async def previews(request: Request) -> Response:
        loaded = await front.loaded()
        found = await asyncio.to_thread(loaded.previews, request.path_params["token"])
        if found is None:
            gone = message_page(
                "There is no such picture", "The link is wrong, or it has ended, as links do in a month."
            )
            return page(gone, status=404, style=STYLE)
        if isinstance(found, bytes):
            return picture(found)
        return page(previews_page(found), style=STYLE, has_pictures=True)

    return previews


async def _in_the_way(_request: Request, error: Exception) -> Response:
    """What the operator of the installation can mend; strangers hear its code only, the log has the rest."""
    code = error.code if isinstance(error, PointsmanError) else "bug"
    logger.warning("a request could not be answered", extra={"code": code, "why": str(error)})
    return told(503, code=code, message="The server cannot do this now; its operator finds more in the log.")


def _says(status: int, code: str, message: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The answer for a path, or for a method, that there is none of."""

    async def said(_request: Request, _error: Exception) -> Response:
        return told(status, code=code, message=message)

    return said

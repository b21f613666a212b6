"""Requests, answers and refusals of the GitHub world, and the table of what it answers."""

import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.worlds.github.ground import Ground
from tests.worlds.github.state import App, Installation, Person, Repository, Token
from tests.worlds.github.wire import Value

DOCS = "https://docs.github.com/rest"


class Refused(Exception):
    """GitHub says no, with its status and its words."""

    def __init__(
        self, status: int, message: str, *, errors: Sequence[object] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Value]:
        """The body of the answer."""
        errors = {"errors": self.errors} if self.errors else {}
        return {"message": self.message, **errors, "documentation_url": DOCS, "status": str(self.status)}


def not_found() -> Refused:
    return Refused(404, "Not Found")


def unprocessable(resource: str, field_name: str, message: str, *, code: str = "custom") -> Refused:
    """The usual 422."""
    error = {"resource": resource, "field": field_name, "code": code, "message": message}
    return Refused(422, "Validation Failed", errors=[error])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: nobody, an app by its JWT, or an installation by its token."""

    kind: Literal["none", "jwt", "installation"]
    app: App | None = None
    installation: Installation | None = None
    token: Token | None = None

    @property
    def person(self) -> Person:
        """The bot that acts."""
        assert self.app is not None
        return self.app.bot

    def may(self, needs: str) -> bool:
        """Whether the token has one of the permissions, as in `issues:write|pull_requests:write`."""
        order = ("read", "write", "admin")
        for need in needs.split("|"):
            name, _, level = need.partition(":")
            had = self.token.permissions.get(name) if self.token else None
            if had is not None and order.index(had) >= order.index(level):
                return True
        return False

    def holds(self, repository: Repository) -> bool:
        """Whether the token is for this repository."""
        if self.token is None or self.installation is None:
            return False
        return repository.id in self.token.repositories and repository.id in self.installation.repositories


@dataclass(slots=True)
class Request:
    """One request, parsed. `parts` are the variable parts of the path."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    json: Value = None
    caller: Caller = field(default_factory=lambda: Caller("none"))
    parts: dict[str, str] = field(default_factory=dict)
    found: Repository | None = None

    @property
    def repository(self) -> Repository:
        assert self.found is not None
        return self.found

    @property
    def by(self) -> Person:
        return self.caller.person

    def number(self, name: str) -> int:
        """A part of the path as a number. Raises Refused (404) when it is none."""
        if not self.parts[name].isdigit():
            raise not_found()
        return int(self.parts[name])

    def text(self, name: str, default: str = "") -> str:
        """A field of the body as a text."""
        value = self.json.get(name) if isinstance(self.json, dict) else None
        return default if value is None else str(value)

    def require(self, needs: str) -> None:
        """Raises Refused (403) when the token may not."""
        if not self.caller.may(needs):
            raise Refused(403, "Resource not accessible by integration")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: JSON, or `raw` bytes of a kind."""

    status: int
    json: Value = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    kind: str = "application/json; charset=utf-8"


Function = Callable[[Ground, Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`auth` is who may ask at all; `needs` a permission of the installation's token."""

    method: str
    template: str
    pattern: re.Pattern[str]
    auth: Literal["none", "jwt", "installation", "any"]
    needs: str
    function: Function
    described: bool = True

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")


ROUTES: list[Route] = []
_GREEDY = ("{path}", "{ref}", "{basehead}")


def route(
    method: str,
    template: str,
    needs: str = "",
    *,
    auth: Literal["none", "jwt", "installation", "any"] = "installation",
    described: bool = True,
) -> Callable[[Function], Function]:
    """Enter a function into the table, under the path that GitHub's API description has for it."""

    def enter(function: Function) -> Function:
        escaped = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
        # Names of labels, branches and files may hold slashes; they always come last.
        pattern = re.sub(r"\{(path|ref|basehead)\}$", r"(?P<\1>.+)", escaped)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        ROUTES.append(Route(method, template, re.compile(pattern), auth, needs, function, described))
        return function

    return enter


def matched(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a path, and the variable parts of it; names that may hold slashes are tried last."""
    for one in sorted(ROUTES, key=lambda one: one.template.endswith(_GREEDY)):
        found = one.pattern.fullmatch(path) if one.method == method else None
        if found:
            return one, {name: urllib.parse.unquote(value) for name, value in found.groupdict().items()}
    return None


def paged(
    ground: Ground, request: Request, items: Sequence[Value], wrap: Callable[[list[Value]], Value] | None = None
) -> Answer:
    """One page of a list, with links to its neighbours."""
    size = max(1, min(int(request.query.get("per_page", "30")), 100))
    page = max(1, int(request.query.get("page", "1")))
    last = max(1, -(-len(items) // size))
    links = []
    for name, number in (("prev", page - 1), ("next", page + 1), ("last", last), ("first", 1)):
        useful = number >= 1 and (number <= last) and (page < last if name in ("next", "last") else page > 1)
        if useful:
            query = urllib.parse.urlencode({**request.query, "page": str(number)})
            links.append(f'<{ground.url}/api/v3{request.path}?{query}>; rel="{name}"')
    shown = list(items[(page - 1) * size : page * size])
    return Answer(200, wrap(shown) if wrap else shown, {"Link": ", ".join(links)} if links else {})

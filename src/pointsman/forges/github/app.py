"""The App at work: its credentials, its requests about one repository, and its own user."""

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, ParamSpec, TypeVar
from urllib.parse import quote

from pointsman.domain.errors import OperatorMust
from pointsman.domain.run import NOBODY, Actor, Repository
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.account import Account
from pointsman.forges.github.client import GRAPHQL, Call, Client, Credential
from pointsman.forges.github.refusals import NotThere, Refused, Reply, told_of_query, unanswered
from pointsman.forges.github.rest_wire import W
from pointsman.forges.github.tokens import Purpose, Tokens, gone

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 16
_PAGE = 100
_LAST = re.compile(r'[?&]page=(\d{1,9})[^>]*>; rel="last"')
_NAME_FRESH = 60.0
_LOCKS = 64


class GitHubApp:
    """One App at one GitHub, shared by everything that speaks to it.

    `spacing` is the least time between two writes of one installation (seconds); without it the account's. Safe to
    use from several threads and event loops.
    """

    def __init__(self, account: Account, *, spacing: float | None = None) -> None:
        self.account = account
        pause = account.spacing if spacing is None else spacing
        self.client = Client(account.api_url, spacing=pause, timeout=account.timeout)
        self.tokens = Tokens(account, self.client)
        self.comments: dict[tuple[str, ...], Known] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="github")
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))
        self._names: dict[str, tuple[str, float]] = {}
        self._bot = account.bot

    async def off_loop(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a blocking function answers, without holding up the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(function, *args, **kwargs))

    def api(self, repository: Repository) -> "Api":
        """One repository as the App asks it."""
        return Api(self, repository)

    def credential(self, repository: Repository) -> Callable[[Literal["read", "write"]], Awaitable[str]]:
        """Gives git a token for each operation, narrowed to the repository and to what the operation needs."""

        async def given(operation: Literal["read", "write"]) -> str:
            purpose: Purpose = "read" if operation == "read" else "publish"
            return (await self.off_loop(self.tokens.token, repository, purpose)).text

        return given

    def me(self) -> Actor:
        """The App's own user. Raises TryAgain when GitHub does not tell."""
        if self._bot.id == 0:
            self._bot = identity(self.client, self.account.slug, Credential())
        return self._bot

    def user(self, repository: Repository, login: str) -> wire.User:
        """Whose account a login is now. Raises NotThere, TryAgain."""
        path = f"/users/{quote(login, safe='')}"
        reply = self.client.send(Call("GET", path), self.tokens.token(repository, "read"))
        return _understood(wire.read(wire.User, reply.text))

    def as_app(self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None) -> Reply:
        """A request of the App itself, not of an installation."""
        return self.client.send(Call(method, path, query or {}, body), self.tokens.jwt())

    def name_of(self, repository: Repository) -> str:
        """The name that a repository has now, asked at most once a minute.

        Raises OwnerMust(repository-gone) when it is gone or belongs to another owner.
        """
        known = self._names.get(repository.id)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        return self.look_up(repository).full_name

    def look_up(self, repository: Repository) -> wire.Repository:
        """The repository with this id as it is now. Raises as `name_of` does."""
        try:
            credential = self.tokens.token(repository, "read")
            reply = self.client.send(Call("GET", f"/repositories/{repository.id}"), credential)
        except (NotThere, Refused) as error:
            raise gone(repository.name) from error
        found = wire.read(wire.Repository, reply.text)
        if found is None:
            raise unanswered("what it said about the repository cannot be read")
        if str(found.id) != repository.id or owner_of(found.full_name) != owner_of(repository.name):
            raise gone(repository.name)
        self._names[repository.id] = (found.full_name, time.monotonic() + _NAME_FRESH)
        return found

    def forget(self, repository_id: str) -> None:
        """A job is done: its tokens go."""
        self.tokens.drop(repository_id)
        self._names.pop(repository_id, None)

    @contextmanager
    def one_at_a_time(self, *key: str) -> Iterator[None]:
        """Nobody else of this process looks for, and makes, the same thing meanwhile."""
        with self._locks[hash(key) % _LOCKS]:
            yield

    def close(self) -> None:
        """Close every connection."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.client.close()


@dataclass(frozen=True, slots=True)
class Known:
    """A comment that we know of: where it is, what it says, and when that was written (seconds of a steady clock)."""

    id: int
    page: str
    body: str
    at: float


class Api:
    """One repository as the App asks it. Blocks: call it off the event loop.

    Paths are below the repository. Everything raises NotThere, Refused, OwnerMust(repository-gone, permissions),
    OperatorMust(credentials) or TryAgain.
    """

    def __init__(self, app: GitHubApp, repository: Repository) -> None:
        self._app = app
        self.repository = repository

    def get(
        self, model: type[W], path: str, *, purpose: Purpose = "read", query: Mapping[str, str] | None = None
    ) -> W:
        """One thing."""
        reply = self._send("GET", path, purpose=purpose, query=query)
        return _understood(wire.read(model, reply.text))

    def every(
        self,
        model: type[W],
        path: str,
        *,
        purpose: Purpose = "read",
        query: Mapping[str, str] | None = None,
        pages: int = 30,
    ) -> Iterator[W]:
        """The things of a list, a page of a hundred at a time, `pages` at most."""
        for page in range(1, pages + 1):
            asked = {**(query or {}), "per_page": str(_PAGE), "page": str(page)}
            reply = self._send("GET", path, purpose=purpose, query=asked)
            yield from _understood(wire.read_list(model, reply.text))
            if 'rel="next"' not in reply.headers.get("link", ""):
                return

    def newest(self, model: type[W], path: str, *, purpose: Purpose = "read", pages: int = 10) -> Iterator[W]:
        """The things of a list that GitHub tells the oldest first: its first page, then the last ones backwards.

        What is ours lies at the end of a long list, since it came after everything that was there when we began.
        """
        last = 1
        for place in range(pages):
            page = 1 if not place else last + 1 - place
            if place and page <= 1:
                return
            asked = {"per_page": str(_PAGE), "page": str(page)}
            reply = self._send("GET", path, purpose=purpose, query=asked)
            found = _LAST.search(reply.headers.get("link", ""))
            last = int(found[1]) if found and not place else last
            yield from _understood(wire.read_list(model, reply.text))

    def write(self, method: str, path: str, body: object = None, *, purpose: Purpose = "talk") -> Reply:
        """A change, in its turn."""
        return self._send(method, path, purpose=purpose, body=body)

    def made(self, model: type[W], method: str, path: str, body: object, *, purpose: Purpose = "talk") -> W:
        """A change that answers with the thing."""
        return _understood(wire.read(model, self.write(method, path, body, purpose=purpose).text))

    def graphql(
        self,
        model: type[W],
        document: str,
        variables: Mapping[str, object],
        *,
        purpose: Purpose,
        writes: bool = False,
    ) -> W:
        """A GraphQL document; a question is given `$owner` and `$name`. Raises as everything here for its errors."""
        owner, _, name = self._app.name_of(self.repository).partition("/")
        named = {"owner": owner, "name": name} if not writes else {}
        body = {"query": document, "variables": {**named, **variables}}
        call = Call("POST", GRAPHQL, body=body, writer=self._writer() if writes else "")
        reply = self._with_token(call, purpose)
        trouble = told_of_query(reply)
        if trouble is not None:
            raise trouble
        return _understood(wire.read(model, reply.text))

    def _send(
        self,
        method: str,
        path: str,
        *,
        purpose: Purpose,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Reply:
        writer = "" if method == "GET" else self._writer()
        name = self._app.name_of(self.repository)
        try:
            return self._with_token(Call(method, f"/repos/{name}{path}", query or {}, body, writer), purpose)
        except Refused as error:
            # It was renamed in this minute; nothing has happened yet (GitHub REST documentation, "Redirects").
            if error.status not in (301, 302, 307, 308):
                raise
            name = self._app.look_up(self.repository).full_name
            return self._with_token(Call(method, f"/repos/{name}{path}", query or {}, body, writer), purpose)

    def _with_token(self, call: Call, purpose: Purpose) -> Reply:
        tokens = self._app.tokens
        try:
            return self._app.client.send(call, tokens.token(self.repository, purpose))
        except OperatorMust as error:
            if error.code != "credentials":
                raise
            # A token may end before its time: the App was installed anew, or this machine slept.
            tokens.drop(self.repository.id)
            return self._app.client.send(call, tokens.token(self.repository, purpose))

    def _writer(self) -> str:
        return self._app.tokens.installation(self.repository)


def identity(client: Client, slug: str, credential: Credential) -> Actor:
    """The user that an App acts as. Raises NotThere, TryAgain, OperatorMust."""
    reply = client.send(Call("GET", f"/users/{quote(slug)}%5Bbot%5D"), credential)
    user = _understood(wire.read(wire.User, reply.text))
    return Actor(user.id, user.login, is_bot=True)


def owner_of(full_name: str) -> str:
    """The owner in `owner/name`; GitHub does not tell cases apart."""
    return full_name.partition("/")[0].lower()


def actor_of(user: wire.User | None) -> Actor:
    """Somebody in our words; whose account is gone has the id 0."""
    if user is None:
        return NOBODY
    return Actor(user.id, user.login, is_bot=user.type == "Bot" or user.login.endswith("[bot]"))


def _understood(found: T | None) -> T:
    if found is None:
        raise unanswered("what it said cannot be read", after=30.0)
    return found

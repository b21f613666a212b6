"""The hooks port for one GitHub: what became of the webhooks that it sent us, and asking for one again."""

import re
from contextlib import suppress

from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.app import GitHubApp
from pointsman.forges.github.refusals import NotThere, Refused, unanswered
from pointsman.ports.hooks import Attempt

# GitHub keeps some days of tries; so many pages of a hundred are looked through at most.
_PAGES = 50
_CURSOR = re.compile(r'[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"')


class GitHubHooks:
    """Answers the hooks port."""

    def __init__(self, app: GitHubApp) -> None:
        self._app = app

    async def attempts(self, since: str) -> tuple[Attempt, ...]:
        """Every try, whatever became of it: one that nobody answered is no failure in GitHub's own filter."""
        return await self._app.off_loop(_attempts, self._app, since)

    async def deliver_again(self, attempt: Attempt) -> None:
        """Ask for one more try; one that is too old is let go."""
        await self._app.off_loop(_again, self._app, attempt)


def _attempts(app: GitHubApp, since: str) -> tuple[Attempt, ...]:
    found: list[Attempt] = []
    query = {"per_page": "100"}
    for _ in range(_PAGES):
        reply = app.as_app("GET", "/app/hook/deliveries", query)
        page = wire.read_list(wire.HookTry, reply.text)
        if page is None:
            raise unanswered("its list of deliveries cannot be read", after=30.0)
        fresh = [_attempt(one) for one in page if _seconds(one.delivered_at) >= _seconds(since)]
        found += fresh
        more = _CURSOR.search(reply.headers.get("link", ""))
        if len(fresh) < len(page) or more is None:
            break
        query = {"per_page": "100", "cursor": more[1]}
    return tuple(found)


def _attempt(one: wire.HookTry) -> Attempt:
    return Attempt(str(one.id), one.guid.lower(), one.event, 200 <= one.status_code < 300, one.delivered_at)


def _seconds(at: str) -> str:
    """A time to the second, as text that can be compared: both sides are ISO 8601 in UTC."""
    return at[:19]


def _again(app: GitHubApp, attempt: Attempt) -> None:
    if not attempt.id.isdecimal():
        return
    # GitHub keeps what it sent for some days only.
    with suppress(NotThere, Refused):
        app.as_app("POST", f"/app/hook/deliveries/{attempt.id}/attempts")

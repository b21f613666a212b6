"""One comment for each thing that is said: found by its hidden marker, made or edited in place."""

import time
from typing import Final

from pointsman.domain.forge import Topic
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.app import Api, GitHubApp, Known
from pointsman.forges.github.markers import Kind, bears, marked, same
from pointsman.forges.github.refusals import NotThere, Refused

# A text that a later one replaces is left out when it comes sooner than this after the last (seconds).
PAUSE: Final = 8.0
_KNOWN = 2000


def ensure_comment(app: GitHubApp, topic: Topic, kind: Kind, key: str, body: str, *, passing: bool = False) -> str:
    """The page of the one comment under this key; empty when nothing may be said there (locked, archived, gone)."""
    if not topic.key.isdecimal():
        return ""
    where = (topic.repository.id, topic.key, kind, key)
    text = marked(kind, key, body)
    with app.one_at_a_time(*where):
        known = app.comments.get(where)
        too_soon = known is not None and passing and time.monotonic() - known.at < PAUSE
        if known is not None and (too_soon or same(known.body, text)):
            return known.page
        try:
            posted = _edited(app, topic, known, text) or _posted(app, topic, kind, key, text)
        except NotThere:
            return ""
        except Refused as error:
            if not error.is_closed:
                raise
            return ""
        if posted is None:
            return ""
        _remember(app, where, posted)
        return posted.page


def may_say(issue: wire.Issue) -> bool:
    """Whether people still talk there; a locked conversation is left in peace."""
    return not issue.locked


def _posted(app: GitHubApp, topic: Topic, kind: Kind, key: str, text: str) -> Known | None:
    api = app.api(topic.repository)
    found = find_comment(app, api, topic.key, kind, key)
    if found is not None:
        there = Known(id=found.id, page=found.html_url, body=found.body or "", at=time.monotonic())
        edited = there if same(found.body, text) else _edited(app, topic, there, text)
        if edited is not None:
            return edited
    if not may_say(api.get(wire.Issue, f"/issues/{topic.key}")):
        return None
    made = api.made(wire.Comment, "POST", f"/issues/{topic.key}/comments", {"body": text})
    return Known(id=made.id, page=made.html_url, body=text, at=time.monotonic())


def _edited(app: GitHubApp, topic: Topic, known: Known | None, text: str) -> Known | None:
    """None when there is no such comment: it may have been deleted meanwhile, and is then said anew."""
    if known is None:
        return None
    try:
        body = {"body": text}
        made = app.api(topic.repository).made(wire.Comment, "PATCH", f"/issues/comments/{known.id}", body)
    except NotThere:
        return None
    return Known(id=made.id, page=made.html_url, body=text, at=time.monotonic())


def find_comment(app: GitHubApp, api: Api, number: str, kind: Kind, key: str) -> wire.Comment | None:
    """Our comment with this marker. A marker in anybody else's comment is only text."""
    me = app.me().id
    for comment in api.newest(wire.Comment, f"/issues/{number}/comments", purpose="talk"):
        if comment.user is not None and comment.user.id == me and bears(comment.body, kind, key):
            return comment
    return None


def _remember(app: GitHubApp, where: tuple[str, ...], posted: Known) -> None:
    app.comments[where] = posted
    while len(app.comments) > _KNOWN:
        app.comments.pop(next(iter(app.comments)), None)

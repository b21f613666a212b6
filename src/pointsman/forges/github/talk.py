"""The talk port for one GitHub: who we are, what a change is, its threads, and everything that is answered."""

import hashlib
from contextlib import suppress
from urllib.parse import quote

from pointsman.domain.events import Origin
from pointsman.domain.forge import ChangeCommit, ChangeView, Thread, Topic
from pointsman.domain.run import NOBODY, Actor, Repository
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.app import Api, GitHubApp, actor_of
from pointsman.forges.github.comments import ensure_comment
from pointsman.forges.github.markers import bears, marked, same
from pointsman.forges.github.refusals import NotThere, Refused
from pointsman.forges.github.threads import ensure_answer, resolve, threads_of
from pointsman.forges.github.tokens import gone
from pointsman.forges.github.webhook import FORGE

# GitHub REST documentation, "List commits on a pull request": 250 at most.
_COMMIT_PAGES = 3
_NOTICE_PAGES = 5
# What GitHub itself commits with when somebody edits in the browser (its numeric user id).
_WEB_FLOW = 19864447


class GitHubTalk:
    """Answers the talk port. Where nothing can be said (locked, archived, gone), nothing is, without an error."""

    def __init__(self, app: GitHubApp) -> None:
        self._app = app

    async def identity(self) -> Actor:
        """The App's own user."""
        return await self._app.off_loop(self._app.me)

    async def repository(self, origin: Origin) -> Repository:
        """See ports/talk.py. No address of the payload is used, only its ids."""
        return await self._app.off_loop(_repository, self._app, origin)

    async def change(self, topic: Topic) -> ChangeView | None:
        """The pull request with this number."""
        return await self._app.off_loop(_change, self._app, topic)

    async def threads(self, topic: Topic) -> tuple[Thread, ...]:
        """The threads that began with one of our findings."""
        return await self._app.off_loop(threads_of, self._app, topic)

    async def acknowledge(self, topic: Topic, comment: str = "", label: str = "") -> None:
        """Eyes on the comment, or on the issue where a comment takes none; then the label goes."""
        await self._app.off_loop(_acknowledge, self._app, topic, comment, label)

    async def ensure_reply(self, topic: Topic, key: str, body: str, *, thread: str = "") -> None:
        """One comment below the thread's first one, or in the conversation when there is no such thread."""
        await self._app.off_loop(_reply, self._app, topic, key, body, thread)

    async def resolve(self, topic: Topic, thread: Thread) -> None:
        """Resolve it; where the App may not, it stays open."""
        await self._app.off_loop(resolve, self._app, topic, thread)

    async def ensure_notice(self, repository: Repository, title: str, body: str) -> None:
        """One issue for a title: opened, edited, closed when there is nothing to mend, opened again when there is."""
        await self._app.off_loop(_notice, self._app, repository, title, body)


def _repository(app: GitHubApp, origin: Origin) -> Repository:
    if not origin.repository_id.isdecimal():
        raise gone(origin.name[:100])
    if origin.installation:
        app.tokens.believe(origin.repository_id, origin.installation, origin.name)
    told = Repository(FORGE, origin.repository_id, origin.name, "", "")
    found = app.look_up(told)
    if found.archived or found.disabled:
        raise gone(found.full_name)
    location = f"{app.account.web_url}/{found.full_name}.git"
    return Repository(FORGE, origin.repository_id, found.full_name, location, found.default_branch)


def _change(app: GitHubApp, topic: Topic) -> ChangeView | None:
    api = app.api(topic.repository)
    if not topic.key.isdecimal():
        return None
    try:
        pull = api.get(wire.Pull, f"/pulls/{topic.key}")
    except NotThere:
        return None
    commits = api.every(wire.Commit, f"/pulls/{topic.key}/commits", pages=_COMMIT_PAGES)
    return ChangeView(
        number=str(pull.number),
        title=pull.title,
        body=pull.body or "",
        author=actor_of(pull.user),
        state="merged" if pull.merged_at else pull.state,
        is_draft=pull.draft,
        is_fork=pull.head.repo is None or str(pull.head.repo.id) != topic.repository.id,
        branch=pull.head.ref,
        head_commit=pull.head.sha,
        base_branch=pull.base.ref,
        base_commit=_parted(api, pull),
        labels=tuple(label.name for label in pull.labels),
        page=pull.html_url,
        commits=tuple(ChangeCommit(one.sha, one.commit.message, _pusher(one)) for one in commits),
    )


def _parted(api: Api, pull: wire.Pull) -> str:
    """Where the change left its base: of the base as it was, since a merged head is part of the branch itself."""
    try:
        path = f"/compare/{pull.base.sha}...{pull.head.sha}"
        return api.get(wire.Comparison, path, query={"per_page": "1"}).merge_base_commit.sha
    except (NotThere, Refused):
        return pull.base.sha


def _pusher(commit: wire.Commit) -> Actor:
    """GitHub finds accounts by the addresses in a commit, which anybody can write; it tells no other ones."""
    for user in (commit.committer, commit.author):
        if isinstance(user, wire.User) and user.id != _WEB_FLOW:
            return actor_of(user)
    return NOBODY


def _acknowledge(app: GitHubApp, topic: Topic, comment: str, label: str) -> None:
    if not topic.key.isdecimal():
        return
    api = app.api(topic.repository)
    # What was deleted or locked takes no eyes; a label may be gone already.
    with suppress(NotThere, Refused):
        api.write("POST", f"{_reacted(topic, comment)}/reactions", {"content": "eyes"})
    if label:
        with suppress(NotThere, Refused):
            api.write("DELETE", f"/issues/{topic.key}/labels/{quote(label, safe='')}")


def _reacted(topic: Topic, comment: str) -> str:
    """The id of a comment begins with its kind, as `translate` says; a review takes no reactions over REST."""
    kind, number = comment[:1], comment[1:]
    if kind == "c" and number.isdecimal():
        return f"/issues/comments/{number}"
    if kind == "t" and number.isdecimal():
        return f"/pulls/comments/{number}"
    return f"/issues/{topic.key}"


def _reply(app: GitHubApp, topic: Topic, key: str, body: str, thread: str) -> None:
    if not (thread.startswith("t") and ensure_answer(app, topic, key, body, thread[1:])):
        ensure_comment(app, topic, "reply", key, body)


def _notice(app: GitHubApp, repository: Repository, title: str, body: str) -> None:
    key = hashlib.sha256(title.encode()).hexdigest()[:12]
    api = app.api(repository)
    with app.one_at_a_time(repository.id, "notice", key):
        try:
            known = _noticed(app, api, key)
            if not body:
                _close(api, known)
            elif known is None:
                api.write("POST", "/issues", {"title": title[:250], "body": marked("notice", key, body)})
            else:
                _bring_up(api, known, marked("notice", key, body))
        except (NotThere, Refused):
            pass  # The repository has no issues, or is archived.


def _noticed(app: GitHubApp, api: Api, key: str) -> wire.Issue | None:
    me = app.me()
    query = {"state": "all", "creator": me.login}
    for issue in api.every(wire.Issue, "/issues", query=query, pages=_NOTICE_PAGES):
        ours = issue.user is not None and issue.user.id == me.id and issue.pull_request is None
        if ours and bears(issue.body, "notice", key):
            return issue
    return None


def _close(api: Api, known: wire.Issue | None) -> None:
    if known is not None and known.state == "open":
        api.write("PATCH", f"/issues/{known.number}", {"state": "closed", "state_reason": "completed"})


def _bring_up(api: Api, known: wire.Issue, text: str) -> None:
    """A notice that somebody closed as not planned is no longer insisted on, as long as it says the same."""
    unchanged = same(known.body, text)
    if unchanged and (known.state == "open" or known.state_reason == "not_planned"):
        return
    reopened = {"state": "open"} if known.state == "closed" else {}
    api.write("PATCH", f"/issues/{known.number}", {"body": text, **reopened})

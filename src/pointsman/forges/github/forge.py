"""The forge port for one GitHub: access, issues, status, changes, reviews and checks, asked of its API."""

from typing import Protocol
from urllib.parse import quote

from pointsman.domain.errors import OwnerMust, PointsmanError, TryAgain
from pointsman.domain.forge import Access, Change, ChangeOrder, CheckOrder, ReviewPost, Topic
from pointsman.domain.run import Actor, Issue, Repository, text_digest
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.app import GitHubApp
from pointsman.forges.github.changes import Tree, add_trailers, ensure_pull, is_of_run, page_of, template_of
from pointsman.forges.github.checks import ensure_check
from pointsman.forges.github.comments import ensure_comment
from pointsman.forges.github.refusals import NotThere, Refused

# GitHub REST documentation, "Get repository permissions for a user": maintain reads as write, triage as read.
_ACCESS = {"admin": Access.WRITE, "write": Access.WRITE, "read": Access.READ}

# GitHub REST documentation, "List pull requests files": 3000 at most.
_MOST_FILES, _FILE_PAGES = 3000, 30


class Publisher(Protocol):
    """The hands that move one branch at the forge by compare-and-swap, and nothing else there."""

    async def publish(self, commit: str, location: str, branch: str, expected_head: str | None) -> None:
        """Set the branch. Raises OwnerMust when it has moved."""

    async def branch_head(self, location: str, branch: str) -> str | None:
        """The commit that the branch points to."""


class GitHubForge:
    """Answers the forge port. What was asked for before is found again at GitHub: anything may be repeated."""

    def __init__(self, app: GitHubApp, publisher: Publisher, tree: Tree | None = None) -> None:
        """`tree` reads the base commit, for the repository's own template of a change."""
        self._app = app
        self._publisher = publisher
        self._tree = tree

    async def access_of(self, repository: Repository, actor: Actor) -> Access:
        """By numeric id, now; any doubt is `none`. Apps hold no role, so a bot that is who it was reads at most.

        Raises TryAgain when GitHub cannot be asked now: a hiccup of its makes nobody a stranger.
        """
        try:
            return await self._app.off_loop(_access, self._app, repository, actor)
        except TryAgain:
            raise
        except PointsmanError:
            return Access.NONE

    async def issue(self, repository: Repository, key: str) -> Issue:
        """The issue, or the title and page of a change. Raises OwnerMust(no-issue) when it is not there."""
        return await self._app.off_loop(_issue, self._app, repository, key)

    async def ensure_status(self, topic: Topic, run_id: str, body: str, *, passing: bool = False) -> str:
        """The run's one comment; where nothing can be said, nothing is, and the answer is empty."""
        return await self._app.off_loop(ensure_comment, self._app, topic, "status", run_id, body, passing=passing)

    async def branch_for(self, run_id: str, repository: Repository, wish: str) -> str:
        """The wished branch, or one that ends like the run's id when another run or a person has it."""
        for branch in (wish, f"{wish}-{run_id[-4:]}", f"{wish}-{run_id}"):
            ours = await self._app.off_loop(is_of_run, self._app, repository, branch, run_id)
            if ours is not False:
                return branch
        raise OwnerMust(
            f"The branches {wish} and {wish}-{run_id} of {repository.name} are somebody else's.",
            code="branch-in-the-way",
            hint="Delete or rename one of them, then trigger it again.",
        )

    async def ensure_change(self, order: ChangeOrder) -> Change:
        """Push the branch; then the draft pull request, or the trailers on the page of one that is there."""
        location = order.repository.location
        if await self._publisher.branch_head(location, order.branch) != order.head_commit:
            await self._publisher.publish(order.head_commit, location, order.branch, order.expected_head or None)
        if order.number:
            await self._app.off_loop(add_trailers, self._app, order)
            page = page_of(self._app, order.repository, order.number)
            return Change(order.repository, order.branch, order.head_commit, page, order.number)
        template = await template_of(self._tree, order.base_commit)
        return await self._app.off_loop(ensure_pull, self._app, order, template)

    async def ensure_review(self, change: Change, post: ReviewPost) -> None:
        """One review with its remarks; nothing on a change that is closed or locked."""
        from pointsman.forges.github.posting import ensure_review

        await self._app.off_loop(ensure_review, self._app, change, post)

    async def ensure_check(self, change: Change, check: CheckOrder) -> None:
        """A check on the change's head."""
        await self._app.off_loop(ensure_check, self._app, change, check)

    async def touches(self, topic: Topic, path: str) -> bool:
        """Whether GitHub lists the file among those of the pull request."""
        return await self._app.off_loop(_touches, self._app, topic, path)


def _access(app: GitHubApp, repository: Repository, actor: Actor) -> Access:
    if not actor.login or actor.id <= 0:
        return Access.NONE
    login = quote(actor.login, safe="")
    api = app.api(repository)
    if actor.is_bot:
        found = app.user(repository, actor.login)
        return Access.READ if found.id == actor.id else Access.NONE
    permission = api.get(wire.Permission, f"/collaborators/{login}/permission")
    if permission.user is None or permission.user.id != actor.id:
        return Access.NONE
    return _ACCESS.get(permission.permission, Access.NONE)


def _touches(app: GitHubApp, topic: Topic, path: str) -> bool:
    try:
        files = tuple(app.api(topic.repository).every(wire.File, f"/pulls/{topic.key}/files", pages=_FILE_PAGES))
    except NotThere:
        return False
    return len(files) >= _MOST_FILES or any(path in (file.filename, file.previous_filename) for file in files)


def _issue(app: GitHubApp, repository: Repository, key: str) -> Issue:
    try:
        if not key.isdecimal():
            raise _missing(repository, key)
        found = app.api(repository).get(wire.Issue, f"/issues/{key}")
    except (NotThere, Refused) as error:
        raise _missing(repository, key) from error
    # A transferred issue leads to the one in its new repository, which nobody asked about.
    if str(found.number) != key or not _is_here(app, repository, found.repository_url):
        raise _missing(repository, key)
    body = found.body or ""
    return Issue(
        key=key,
        title=found.title,
        body=body,
        digest=text_digest(found.title, body),
        labels=tuple(label if isinstance(label, str) else label.name for label in found.labels),
    )


def _is_here(app: GitHubApp, repository: Repository, repository_url: str) -> bool:
    """Whether an address is of this repository, under the name that it had a moment ago or has now."""
    if _is_in(repository_url, app.name_of(repository)):
        return True
    return _is_in(repository_url, app.look_up(repository).full_name)


def _is_in(repository_url: str, name: str) -> bool:
    return not repository_url or repository_url.lower().endswith(f"/repos/{name.lower()}")


def _missing(repository: Repository, key: str) -> OwnerMust:
    return OwnerMust(
        f"There is no issue {key[:40]} in {repository.name} (it may have been deleted or moved).",
        code="no-issue",
        hint="Open it anew where it belongs, and trigger it there.",
    )

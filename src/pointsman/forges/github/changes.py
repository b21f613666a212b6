"""The pull request of a run: one for its branch, whatever was lost on the way, and a person's edits left alone."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote

from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import Change, ChangeOrder
from pointsman.domain.run import Repository
from pointsman.domain.squash import with_trailers
from pointsman.domain.trailers import run_trailer
from pointsman.domain.work import FileEntry, Source
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.app import Api, GitHubApp
from pointsman.forges.github.markers import MOST, cut, digest
from pointsman.forges.github.refusals import NotThere, Refused

_TITLE = 250
_POINTER: Final = "\n\n*The rest does not fit here; the whole of it is in the note of the run, on this branch.*"
_MARKER = re.compile(r"\n*<!-- pointsman:change (\S+) ([0-9a-f]{12}) -->\s*$")
_TEMPLATE = re.compile(r"(?:\.github/|docs/)?pull_request_template\.(?:md|txt)", re.IGNORECASE)


class Tree(Protocol):
    """The files of a commit."""

    async def files(self, commit: str) -> tuple[FileEntry, ...]:
        """The regular files, sorted by path."""

    async def read(self, commit: str, path: str) -> Source | None:
        """The text of a file."""


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as we write it: its text, and below it a hidden line by which an untouched one is known."""

    run_id: str
    text: str

    @property
    def body(self) -> str:
        return f"{self.text}\n\n<!-- pointsman:change {self.run_id} {digest(self.text)} -->"


async def template_of(tree: Tree | None, commit: str) -> str:
    """The repository's own template for pull requests at a commit, or an empty text.

    It lies in the root, in `.github` or in `docs`, in any case (GitHub documentation, "Creating a pull request
    template for your repository").
    """
    if tree is None:
        return ""
    found = [entry.path for entry in await tree.files(commit) if _TEMPLATE.fullmatch(entry.path)]
    if not found:
        return ""
    source = await tree.read(commit, min(found, key=lambda path: (not path.startswith(".github/"), path.count("/"))))
    return source.text.strip() if source is not None else ""


def page_of(app: GitHubApp, repository: Repository, number: str) -> str:
    """Where people find a pull request."""
    return f"{app.account.web_url}/{repository.name}/pull/{number}"


def ensure_pull(app: GitHubApp, order: ChangeOrder, template: str) -> Change:
    """The draft pull request of a branch that was pushed: found, or made; its page as ordered.

    Raises OwnerMust(change-refused) in GitHub's words when it cannot be.
    """
    api = app.api(order.repository)
    with app.one_at_a_time(order.repository.id, order.branch):
        page = _page(order, template)
        try:
            pull = _found(app, api, order) or _opened(app, api, order, page)
            _tell(app, api, pull, order, page)
        except NotThere as error:
            raise OwnerMust(
                f"{order.repository.name} takes no pull requests from the App.", code="change-refused"
            ) from error
        except Refused as error:
            raise OwnerMust(
                f"GitHub made no pull request of {order.branch}: {error.said}.",
                code="change-refused",
                hint="The branch is there; open the pull request by hand or mend what stands in its way.",
            ) from error
    return Change(order.repository, order.branch, order.head_commit, pull.html_url, str(pull.number))


def add_trailers(app: GitHubApp, order: ChangeOrder) -> None:
    """Add the trailers to the message for a squash on a page of ours that is there; nothing when it takes none."""
    api = app.api(order.repository)
    with app.one_at_a_time(order.repository.id, order.branch), suppress(NotThere, Refused):
        pull = api.get(wire.Pull, f"/pulls/{order.number}", purpose="publish")
        body = _with_trailers(pull.body or "", order.trailers)
        if _is_ours(app, pull) and body != (pull.body or ""):
            api.write("PATCH", f"/pulls/{pull.number}", {"body": body}, purpose="publish")


def _with_trailers(said: str, trailers: Sequence[str]) -> str:
    """The text with these trailers; a page that nobody had touched is known as untouched afterwards."""
    found, more = _MARKER.search(said), with_trailers(said, trailers)
    if more == said or found is None or digest(said[: found.start()]) != found[2]:
        return more
    return _Page(found[1], with_trailers(said[: found.start()], trailers)).body


def is_of_run(app: GitHubApp, repository: Repository, branch: str, run_id: str) -> bool | None:
    """Whether the newest commit of a branch was made by this run; None when there is no such branch."""
    try:
        found = app.api(repository).get(wire.Branch, f"/branches/{quote(branch, safe='')}")
    except NotThere:
        return None
    return run_trailer(run_id) in found.commit.commit.message.splitlines()


def _page(order: ChangeOrder, template: str) -> _Page:
    room = MOST - len(order.run_id) - 60
    whole = f"{order.body.rstrip()}\n\n---\n\n{template}" if template else order.body.rstrip()
    return _Page(order.run_id, whole if len(whole) <= room else cut(order.body.rstrip(), room, _POINTER))


def _found(app: GitHubApp, api: Api, order: ChangeOrder) -> wire.Pull | None:
    """The open one; else the one that was closed on this very head, since closing it was somebody's answer."""
    owner = app.name_of(order.repository).partition("/")[0]
    query = {"head": f"{owner}:{order.branch}", "state": "all", "sort": "created", "direction": "desc"}
    pulls = [
        pull
        for pull in api.every(wire.Pull, "/pulls", purpose="publish", query=query, pages=2)
        if pull.head.repo is not None and str(pull.head.repo.id) == order.repository.id
    ]
    is_open = (pull for pull in pulls if pull.state == "open")
    on_head = (pull for pull in pulls if pull.head.sha == order.head_commit)
    return next(is_open, None) or next(on_head, None)


def _opened(app: GitHubApp, api: Api, order: ChangeOrder, page: _Page) -> wire.Pull:
    wanted = {
        "title": order.title[:_TITLE],
        "head": order.branch,
        "base": order.repository.default_branch,
        "body": page.body,
        "draft": True,
    }
    try:
        return api.made(wire.Pull, "POST", "/pulls", wanted, purpose="publish")
    except Refused as error:
        if "draft" in error.said.lower():
            return api.made(wire.Pull, "POST", "/pulls", {**wanted, "draft": False}, purpose="publish")
        # Somebody, or we ourselves on the way to a lost answer, opened one meanwhile.
        found = _found(app, api, order) if "already exists" in error.said.lower() else None
        if found is None:
            raise
        return found


def _is_ours(app: GitHubApp, pull: wire.Pull) -> bool:
    return pull.user is not None and pull.user.id == app.me().id and pull.state == "open"


def _tell(app: GitHubApp, api: Api, pull: wire.Pull, order: ChangeOrder, page: _Page) -> None:
    """Bring our own page up to date, unless a person wrote on it or closed it."""
    said = pull.body or ""
    found = _MARKER.search(said)
    if not _is_ours(app, pull) or found is None or digest(said[: found.start()]) != found[2]:
        return
    if digest(page.text) != found[2] or order.title[:_TITLE] != pull.title:
        wanted = {"title": order.title[:_TITLE], "body": page.body}
        api.write("PATCH", f"/pulls/{pull.number}", wanted, purpose="publish")

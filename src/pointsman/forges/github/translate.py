"""From GitHub's words to ours: a delivery becomes an event, or the reason why nothing follows from it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from pointsman.domain.events import (
    ChangeClosed,
    ChangeLabelled,
    ChangeOpened,
    ChangePushed,
    CheckAsked,
    Commented,
    Delivery,
    Event,
    Ignored,
    IssueLabelled,
    Origin,
    RepositoriesAdded,
    ReviewAsked,
    ThreadReplied,
    TrunkPushed,
)
from pointsman.domain.marks import reverted_commits
from pointsman.domain.run import NOBODY, Actor, text_digest
from pointsman.forges.github import wire
from pointsman.forges.github.webhook import FORGE, NO_ACTION

OWN: Final = "our own"
# What a comment's id begins with, since GitHub counts each kind by itself: a comment on an issue or a change, one on
# a line (of a thread), a review.
COMMENT, LINE, REVIEW = "c", "t", "r"

_NO_SENDER = "the payload does not say who acted"
_NOT_OURS = "the check of another app"
_BUTTONS: Mapping[str, Literal["review", "fix", "ci"]] = {"review": "review", "fix": "fix", "ci": "ci"}


@dataclass(frozen=True, slots=True)
class _Reading:
    """Who we are, who acted, and where."""

    me: Actor
    app_id: int
    actor: Actor
    origin: Origin


Told = Event | Ignored
_Reader = Callable[[bytes, Actor, int], Told]
P = TypeVar("P", bound=wire.Payload)


def translate(delivery: Delivery, me: Actor, app_id: int) -> Told:
    """The event of a delivery. `me` is our own bot user, `app_id` our App; what they did is no event.

    Pure, and never raises. Comment ids are text that begins with `c` (comment), `t` (comment on a line) or `r`
    (review). A comment on a line is written before its review is submitted, so its two times say nothing of an edit.
    """
    head = wire.read(wire.Action, delivery.body)
    if isinstance(head, str):
        return Ignored(f"not understood: {head}")
    reader = _READERS.get((delivery.event, head.action))
    if reader is None:
        return Ignored(_GONE.get((delivery.event, head.action), "nobody wants this event"))
    return reader(delivery.body, me, app_id)


def _about(model: type[P], tell: Callable[[P, _Reading], Told]) -> _Reader:
    """A reader of payloads about one repository: ours and nobody's acts are taken out first."""

    def reader(body: bytes, me: Actor, app_id: int) -> Told:
        payload = wire.read(model, body)
        if isinstance(payload, str):
            return Ignored(f"not understood: {payload}")
        if payload.sender is None and not isinstance(payload, wire.PushPayload):
            return Ignored(_NO_SENDER)
        actor = _actor(payload.sender) if payload.sender else NOBODY
        if actor.id == me.id:
            return Ignored(OWN)
        return tell(payload, _Reading(me, app_id, actor, _origin(payload.repository, payload.installation)))

    return reader


def _issue_labelled(payload: wire.IssuePayload, reading: _Reading) -> Told:
    if payload.label is None:
        return Ignored("a label that is gone")
    if payload.issue.pull_request is not None:
        return Ignored("told as an event of the change")
    number, digest = str(payload.issue.number), _digest(payload.issue)
    return IssueLabelled(reading.origin, number, payload.label.name, reading.actor, digest)


def _commented(payload: wire.CommentPayload, reading: _Reading) -> Told:
    comment = payload.comment
    why_not = _unheard(comment, comment.performed_via_github_app, reading)
    if why_not:
        return Ignored(why_not)
    if comment.updated_at != comment.created_at:
        return Ignored("edited")
    return Commented(
        origin=reading.origin,
        number=str(payload.issue.number),
        on_change=payload.issue.pull_request is not None,
        comment=f"{COMMENT}{comment.id}",
        body=comment.body or "",
        actor=reading.actor,
        via_app=comment.performed_via_github_app is not None,
        digest=_digest(payload.issue),
    )


def _reviewed(payload: wire.ReviewPayload, reading: _Reading) -> Told:
    why_not = _unheard(payload.review, None, reading)
    if why_not:
        return Ignored(why_not)
    return _on_change(payload.pull_request, f"{REVIEW}{payload.review.id}", payload.review.body or "", reading)


def _line_commented(payload: wire.LineCommentPayload, reading: _Reading) -> Told:
    comment = payload.comment
    why_not = _unheard(comment, comment.performed_via_github_app, reading)
    if why_not:
        return Ignored(why_not)
    body, via_app = comment.body or "", comment.performed_via_github_app is not None
    if comment.in_reply_to_id is not None:
        return ThreadReplied(
            origin=reading.origin,
            number=str(payload.pull_request.number),
            comment=f"{LINE}{comment.id}",
            first=f"{LINE}{comment.in_reply_to_id}",
            body=body,
            actor=reading.actor,
            via_app=via_app,
        )
    if not _may_command(body, reading.me):
        return Ignored("a remark of somebody's own review")
    return _on_change(payload.pull_request, f"{LINE}{comment.id}", body, reading, via_app=via_app)


def _on_change(
    pull: wire.PullText, comment: str, body: str, reading: _Reading, *, via_app: bool = False
) -> Commented:
    return Commented(
        origin=reading.origin,
        number=str(pull.number),
        on_change=True,
        comment=comment,
        body=body,
        actor=reading.actor,
        via_app=via_app,
        digest=_digest(pull),
    )


def _unheard(remark: wire.Remark, app: wire.Numbered | None, reading: _Reading) -> str:
    """Why nobody listens to a text; empty when somebody does."""
    if app is not None and app.id == reading.app_id:
        return OWN
    if remark.user is None or remark.user.id != reading.actor.id:
        return "written by somebody else than who acted"
    return "" if (remark.body or "").strip() else "without a text"


def _may_command(body: str, me: Actor) -> bool:
    """Whether it begins like a command; the grammar decides what it is."""
    slug = me.login.removesuffix("[bot]").lower()
    return body.lstrip().lower().startswith(("/pointsman", f"@{slug}") if slug else "/pointsman")


def _change_labelled(payload: wire.PullPayload, reading: _Reading) -> Told:
    if payload.label is None:
        return Ignored("a label that is gone")
    pull = payload.pull_request
    return ChangeLabelled(reading.origin, str(pull.number), payload.label.name, pull.head.sha, reading.actor)


def _change_opened(payload: wire.PullPayload, reading: _Reading) -> Told:
    pull = payload.pull_request
    return ChangeOpened(reading.origin, str(pull.number), pull.head.sha, _labels(pull), reading.actor)


def _change_pushed(payload: wire.PushedPayload, reading: _Reading) -> Told:
    pull = payload.pull_request
    return ChangePushed(
        origin=reading.origin,
        number=str(pull.number),
        before=payload.before,
        head=pull.head.sha,
        branch=pull.head.ref,
        labels=_labels(pull),
        actor=reading.actor,
    )


def _change_edited(payload: wire.EditedPayload, reading: _Reading) -> Told:
    if payload.changes.base is None:
        return Ignored("another text")
    head = payload.pull_request.head
    labels = _labels(payload.pull_request)
    number = str(payload.pull_request.number)
    return ChangePushed(reading.origin, number, head.sha, head.sha, head.ref, labels, reading.actor)


def _review_asked(payload: wire.PullPayload, reading: _Reading) -> Told:
    if payload.requested_reviewer is None:
        return Ignored("a review asked of a team")
    pull, reviewer = payload.pull_request, _actor(payload.requested_reviewer)
    return ReviewAsked(reading.origin, str(pull.number), pull.head.sha, reviewer, reading.actor)


def _change_closed(payload: wire.PullPayload, reading: _Reading) -> Told:
    pull = payload.pull_request
    is_merged = pull.merged is True
    return ChangeClosed(
        origin=reading.origin,
        number=str(pull.number),
        branch=pull.head.ref,
        merged=is_merged,
        actor=reading.actor,
        landed=pull.merge_commit_sha or "" if is_merged else "",
        reverts=_reverts((pull.body or "",), reading.origin.name) if is_merged else (),
    )


def _reverts(texts: Iterable[str], name: str) -> tuple[str, ...]:
    """What texts say that they take back: commits as git says it, changes of this repository as GitHub does.

    The pull request that GitHub's button makes says `Reverts OWNER/NAME#NUMBER` (GitHub documentation, "Reverting a
    pull request").
    """
    said = re.compile(rf"^Reverts {re.escape(name)}#(\d+)\s*$", re.MULTILINE | re.IGNORECASE)
    found = [one for text in texts for one in (*said.findall(text), *reverted_commits(text))]
    return tuple(dict.fromkeys(found))


def _check_rerun(payload: wire.CheckRunPayload, reading: _Reading) -> Told:
    return _check_asked(payload.check_run, "rerun", reading)


def _button_pressed(payload: wire.CheckRunPayload, reading: _Reading) -> Told:
    button = _BUTTONS.get(payload.requested_action.identifier) if payload.requested_action else None
    return _check_asked(payload.check_run, button, reading) if button else Ignored("a button that we do not have")


def _suite_rerun(payload: wire.CheckSuitePayload, reading: _Reading) -> Told:
    return _check_asked(payload.check_suite, "rerun", reading)


def _check_asked(
    check: wire.CheckRun | wire.CheckSuite, action: Literal["rerun", "review", "fix", "ci"], reading: _Reading
) -> Told:
    if check.app is None or check.app.id != reading.app_id:
        return Ignored(_NOT_OURS)
    run_id = (check.external_id or "") if isinstance(check, wire.CheckRun) else ""
    return CheckAsked(reading.origin, check.head_sha, run_id, action, reading.actor)


def _trunk_pushed(payload: wire.PushPayload, reading: _Reading) -> Told:
    """Nobody's leave is asked for what a push to the default branch leads to, so the sender may be missing."""
    if payload.ref != f"refs/heads/{payload.repository.default_branch}":
        return Ignored("a push to another branch")
    if payload.deleted:
        return Ignored("the branch was deleted")
    messages = (commit.message or "" for commit in payload.commits)
    return TrunkPushed(reading.origin, payload.after, reading.actor, reverts=_reverts(messages, reading.origin.name))


def _installed(body: bytes, me: Actor, app_id: int) -> Told:
    payload = wire.read(wire.InstalledPayload, body)
    if isinstance(payload, str):
        return Ignored(f"not understood: {payload}")
    if payload.sender is None:
        return Ignored(_NO_SENDER)
    listed = payload.repositories_added or payload.repositories or ()
    origins = tuple(_origin(repository, payload.installation) for repository in listed)
    return RepositoriesAdded(origins, _actor(payload.sender)) if origins else Ignored("no repository was added")


def _actor(user: wire.User) -> Actor:
    return Actor(user.id, user.login, is_bot=user.type == "Bot" or user.login.endswith("[bot]"))


def _origin(repository: wire.Repository | wire.Listed, installation: wire.Numbered | None) -> Origin:
    return Origin(FORGE, str(repository.id), repository.full_name, str(installation.id) if installation else "")


def _labels(pull: wire.Pull) -> tuple[str, ...]:
    return tuple(label.name for label in pull.labels)


def _digest(text: wire.Issue | wire.PullText) -> str:
    """Of the text as it came, a missing body counted as an empty one."""
    return text_digest(text.title, text.body or "")


_READERS: Mapping[tuple[str, str], _Reader] = {
    ("issues", "labeled"): _about(wire.IssuePayload, _issue_labelled),
    ("issue_comment", "created"): _about(wire.CommentPayload, _commented),
    ("pull_request", "labeled"): _about(wire.PullPayload, _change_labelled),
    ("pull_request", "opened"): _about(wire.PullPayload, _change_opened),
    ("pull_request", "reopened"): _about(wire.PullPayload, _change_opened),
    ("pull_request", "ready_for_review"): _about(wire.PullPayload, _change_opened),
    ("pull_request", "synchronize"): _about(wire.PushedPayload, _change_pushed),
    ("pull_request", "edited"): _about(wire.EditedPayload, _change_edited),
    ("pull_request", "review_requested"): _about(wire.PullPayload, _review_asked),
    ("pull_request", "closed"): _about(wire.PullPayload, _change_closed),
    ("pull_request_review", "submitted"): _about(wire.ReviewPayload, _reviewed),
    ("pull_request_review_comment", "created"): _about(wire.LineCommentPayload, _line_commented),
    ("check_run", "rerequested"): _about(wire.CheckRunPayload, _check_rerun),
    ("check_run", "requested_action"): _about(wire.CheckRunPayload, _button_pressed),
    ("check_suite", "rerequested"): _about(wire.CheckSuitePayload, _suite_rerun),
    ("push", NO_ACTION): _about(wire.PushPayload, _trunk_pushed),
    ("installation", "created"): _installed,
    ("installation_repositories", "added"): _installed,
}
_GONE: Mapping[tuple[str, str], str] = {
    ("installation", "deleted"): "the app was removed",
    ("installation", "suspend"): "the app was suspended",
    ("installation_repositories", "removed"): "repositories were taken away",
    ("issue_comment", "edited"): "edited",
    ("pull_request_review_comment", "edited"): "edited",
    ("pull_request_review", "edited"): "edited",
}

"""What can be done to issues and their comments, by people and by the bot alike."""

from collections.abc import Iterable

from tests.worlds.github.ground import Ground
from tests.worlds.github.state import App, Comment, Issue, Person, Pull, Reaction, Repository
from tests.worlds.github.wire import Json


def shown(ground: Ground, repository: Repository, issue: Issue) -> Json:
    """The issue as a webhook carries it."""
    return {"issue": ground.shapes.issue(repository, issue)}


def new_issue(
    ground: Ground, repository: Repository, by: Person, title: str, body: str | None, pull: Pull | None = None
) -> Issue:
    """An entry with the next number, told to nobody yet."""
    now = ground.stamp()
    issue = Issue(
        id=ground.next_id(),
        number=repository.next_number(),
        title=title,
        body=body,
        by=by,
        created_at=now,
        updated_at=now,
        via_app=ground.app_of(by),
        pull=pull,
    )
    repository.issues[issue.number] = issue
    return issue


def open_issue(
    ground: Ground, repository: Repository, by: Person, *, title: str, body: str | None, labels: Iterable[str] = ()
) -> Issue:
    issue = new_issue(ground, repository, by, title, body)
    ground.did(by, "issue opened", repository, issue.number, title)
    ground.tell("issues", "opened", repository, by, shown(ground, repository, issue))
    for name in labels:
        add_label(ground, repository, by, issue, name)
    return issue


def edit_issue(
    ground: Ground,
    repository: Repository,
    by: Person,
    issue: Issue,
    *,
    title: str | None = None,
    body: str | None = None,
) -> None:
    """Change the title, the body or both of an issue or pull request."""
    changes: Json = {}
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
        issue.title = title
    if body is not None and body != issue.body:
        changes["body"] = {"from": issue.body or ""}
        issue.body = body
    if not changes:
        return
    issue.updated_at = ground.stamp()
    kind = "issue" if issue.pull is None else "pull"
    ground.did(by, f"{kind} edited", repository, issue.number, issue.body or "")
    _tell(ground, repository, by, issue, "edited", {"changes": changes})


def set_state(
    ground: Ground, repository: Repository, by: Person, issue: Issue, state: str, reason: str | None
) -> None:
    """Close or open again."""
    if issue.state == state:
        return
    issue.state = state
    issue.state_reason = reason
    issue.updated_at = ground.stamp()
    issue.closed_at = ground.stamp() if state == "closed" else None
    kind = "issue" if issue.pull is None else "pull"
    word = "closed" if state == "closed" else "reopened"
    ground.did(by, f"{kind} {word}", repository, issue.number)
    _tell(ground, repository, by, issue, word, {})


def add_label(ground: Ground, repository: Repository, by: Person, issue: Issue, name: str) -> None:
    """Put a label on; the same again changes nothing."""
    if name in issue.labels:
        return
    define_label(ground, repository, name)
    issue.labels.append(name)
    ground.did(by, "label added", repository, issue.number, name)
    _tell(ground, repository, by, issue, "labeled", {"label": ground.shapes.label(repository, name)})


def remove_label(ground: Ground, repository: Repository, by: Person, issue: Issue, name: str) -> None:
    """Take a label off. Raises ValueError when it is not there."""
    issue.labels.remove(name)
    ground.did(by, "label removed", repository, issue.number, name)
    _tell(ground, repository, by, issue, "unlabeled", {"label": ground.shapes.label(repository, name)})


def define_label(ground: Ground, repository: Repository, name: str) -> None:
    repository.label_ids.setdefault(name, ground.next_id())


def add_comment(
    ground: Ground, repository: Repository, by: Person, issue: Issue, body: str, via_app: App | None = None
) -> Comment:
    now = ground.stamp()
    app = via_app or ground.app_of(by)
    comment = Comment(id=ground.next_id(), body=body, by=by, via_app=app, created_at=now, updated_at=now)
    issue.comments.append(comment)
    ground.did(by, "comment created", repository, issue.number, body)
    _tell_comment(ground, repository, by, issue, comment, "created", {})
    return comment


def edit_comment(ground: Ground, repository: Repository, by: Person, comment: Comment, body: str) -> None:
    before, comment.body = comment.body, body
    comment.updated_at = ground.stamp()
    issue = issue_of(repository, comment)
    ground.did(by, "comment edited", repository, issue.number, body)
    _tell_comment(ground, repository, by, issue, comment, "edited", {"changes": {"body": {"from": before}}})


def delete_comment(ground: Ground, repository: Repository, by: Person, comment: Comment) -> None:
    issue = issue_of(repository, comment)
    issue.comments.remove(comment)
    ground.did(by, "comment deleted", repository, issue.number)
    _tell_comment(ground, repository, by, issue, comment, "deleted", {})


def react(
    ground: Ground, repository: Repository, by: Person, reactions: list[Reaction], content: str, where: int
) -> tuple[Reaction, bool]:
    """The reaction, and whether it is new. Reactions send no webhook."""
    for reaction in reactions:
        if reaction.by == by and reaction.content == content:
            return reaction, False
    reaction = Reaction(id=ground.next_id(), content=content, by=by, at=ground.stamp())
    reactions.append(reaction)
    ground.did(by, "reaction added", repository, where, content)
    return reaction, True


def comment_of(repository: Repository, number: int) -> Comment | None:
    """The comment with this id on any issue of the repository."""
    comments = (comment for issue in repository.issues.values() for comment in issue.comments)
    return next((comment for comment in comments if comment.id == number), None)


def issue_of(repository: Repository, comment: Comment) -> Issue:
    """Where a comment stands, or stood until now."""
    return next(issue for issue in repository.issues.values() if comment in issue.comments)


def _tell(ground: Ground, repository: Repository, by: Person, issue: Issue, action: str, more: Json) -> None:
    if issue.pull is None:
        ground.tell("issues", action, repository, by, {**shown(ground, repository, issue), **more})
    else:
        pull = {"number": issue.number, "pull_request": ground.whole_pull(repository, issue)}
        ground.tell("pull_request", action, repository, by, {**pull, **more})


def _tell_comment(
    ground: Ground, repository: Repository, by: Person, issue: Issue, comment: Comment, action: str, more: Json
) -> None:
    body = {**shown(ground, repository, issue), "comment": ground.shapes.comment(repository, issue, comment), **more}
    ground.tell("issue_comment", action, repository, by, body)

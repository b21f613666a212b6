"""One repository of the GitHub world, with everything that people do there and everything they can read."""

from collections.abc import Mapping

from tests.worlds.github import acts_checks, acts_issues, acts_pulls, find
from tests.worlds.github.git import Bare
from tests.worlds.github.ground import Ground
from tests.worlds.github.shapes_pulls import pull_of
from tests.worlds.github.state import (
    App,
    Check,
    Comment,
    Issue,
    Person,
    Reaction,
    Repository,
    Review,
    ReviewComment,
    Thread,
)


class RepositoryWorld:
    """What people do and see in one repository. Acts send the webhooks that GitHub would send."""

    def __init__(self, ground: Ground, repository: Repository) -> None:
        self._ground = ground
        self.state = repository

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def full_name(self) -> str:
        return self.state.full_name

    @property
    def url(self) -> str:
        """Where git finds it."""
        return f"{self._ground.url}/{self.full_name}.git"

    @property
    def git(self) -> Bare:
        """The bare repository on disk."""
        return self.state.git

    @property
    def owner(self) -> Person:
        return self.state.owner

    # Who may, and what the repository is

    def collaborator(self, person: Person, role: str) -> None:
        """Give somebody a role: admin, maintain, write, triage, read; `none` takes it away."""
        with self._ground.lock:
            self.state.roles.pop(person.id, None)
            if role != "none":
                self.state.roles[person.id] = role

    def protect(self, branch: str) -> None:
        """From now on nobody pushes to this branch."""
        self.state.protected.add(branch)

    def without_drafts(self) -> None:
        """The plan of this repository has no draft pull requests."""
        self.state.has_drafts = False

    def rename(self, name: str, by: Person | None = None) -> None:
        """Give it another name; the old one leads here until somebody else takes it."""
        with self._ground.lock:
            before = self.state.name
            self.state.past_names.add(self.full_name.lower())
            self.state.name = name
            changes = {"changes": {"repository": {"name": {"from": before}}}}
            self._ground.tell("repository", "renamed", self.state, by or self.owner, changes)

    def archive(self, by: Person | None = None) -> None:
        """From now on it can be read only."""
        with self._ground.lock:
            self.state.archived = True
            self._ground.tell("repository", "archived", self.state, by or self.owner, {})

    def delete(self) -> None:
        """It is gone; pull requests from it stay without their head's repository."""
        with self._ground.lock:
            del self._ground.repositories[self.id]
            for app in self._ground.apps:
                for installation in app.installations.values():
                    installation.repositories.discard(self.id)
            for repository in self._ground.repositories.values():
                for issue in repository.issues.values():
                    if issue.pull and issue.pull.head is self.state:
                        issue.pull.head = None

    # Issues and comments

    def issue(
        self, *, by: Person, title: str = "A bug", body: str | None = "It is broken.", labels: tuple[str, ...] = ()
    ) -> int:
        """Open an issue; its number."""
        with self._ground.lock:
            opened = acts_issues.open_issue(self._ground, self.state, by, title=title, body=body, labels=labels)
            return opened.number

    def edit(self, number: int, *, by: Person, title: str | None = None, body: str | None = None) -> None:
        """Edit the title, the body or both of an issue or pull request."""
        with self._ground.lock:
            acts_issues.edit_issue(self._ground, self.state, by, self.one(number), title=title, body=body)

    def label(self, number: int, name: str, by: Person) -> None:
        with self._ground.lock:
            acts_issues.add_label(self._ground, self.state, by, self.one(number), name)

    def unlabel(self, number: int, name: str, by: Person) -> None:
        with self._ground.lock:
            acts_issues.remove_label(self._ground, self.state, by, self.one(number), name)

    def comment(self, number: int, body: str, by: Person, via_app: App | None = None) -> int:
        """Comment on an issue or pull request, through an app when one is given; the comment's id."""
        with self._ground.lock:
            return acts_issues.add_comment(self._ground, self.state, by, self.one(number), body, via_app).id

    def edit_comment(self, comment: int, body: str, by: Person) -> None:
        with self._ground.lock:
            found = acts_issues.comment_of(self.state, comment)
            assert found is not None, f"no comment {comment}"
            acts_issues.edit_comment(self._ground, self.state, by, found, body)

    def delete_comment(self, comment: int, by: Person) -> None:
        with self._ground.lock:
            found = acts_issues.comment_of(self.state, comment)
            assert found is not None, f"no comment {comment}"
            acts_issues.delete_comment(self._ground, self.state, by, found)

    def close(self, number: int, by: Person) -> None:
        with self._ground.lock:
            acts_issues.set_state(self._ground, self.state, by, self.one(number), "closed", "completed")

    def reopen(self, number: int, by: Person) -> None:
        with self._ground.lock:
            acts_issues.set_state(self._ground, self.state, by, self.one(number), "open", "reopened")

    # Branches and pull requests

    def fork(self, by: Person) -> "RepositoryWorld":
        """Somebody's own copy, public or private as this one."""
        with self._ground.lock:
            path = self._ground.folder / "git" / f"{by.login}-{self.state.name}-{self._ground.next_id()}.git"
            copy = self.state.git.copy_to(path)
            fork = self._ground.add_repository(by, self.state.name, copy, private=self.state.private)
            fork.parent = self.state
            return RepositoryWorld(self._ground, fork)

    def commit(
        self,
        branch: str,
        files: Mapping[str, str | bytes | None],
        *,
        by: Person,
        message: str = "Change things",
        start: str = "",
    ) -> str:
        """Somebody pushes a commit (None deletes a file). A new branch begins at `start`, else at the default branch.

        Given for a branch that exists, `start` makes it a forced push. Returns the commit's id.
        """
        with self._ground.lock:
            git, ref = self.state.git, f"refs/heads/{branch}"
            before = git.ref(ref)
            parent = start or before or git.ref(f"refs/heads/{self.state.default_branch}")
            who = f"{by.login} <{by.email}>"
            at = self._ground.next_commit_time()
            sha = git.commit(branch, files, who=who, at=at, message=message, parent=parent)
            acts_pulls.moved(self._ground, self.state, by, ref, before)
            return sha

    def pull(
        self,
        *,
        by: Person,
        head_branch: str = "",
        files: Mapping[str, str | bytes | None] | None = None,
        title: str = "A change",
        body: str | None = "",
        from_fork: "RepositoryWorld | None" = None,
        draft: bool = False,
        labels: tuple[str, ...] = (),
        base: str = "",
    ) -> int:
        """Open a pull request, with a commit of `files` on its branch when they are given; its number."""
        with self._ground.lock:
            head = from_fork or self
            branch = head_branch or f"change-{self.state.next_number()}"
            if files is not None:
                head.commit(branch, files, by=by, message=title)
            issue = acts_pulls.open_pull(
                self._ground,
                self.state,
                by,
                head=head.state,
                head_branch=branch,
                base_branch=base or self.state.default_branch,
                title=title,
                body=body,
                draft=draft,
            )
            acts_pulls.label_pull(self._ground, self.state, by, issue, labels)
            return issue.number

    def request_review(self, number: int, reviewer: Person, by: Person) -> None:
        with self._ground.lock:
            acts_pulls.request_review(self._ground, self.state, by, self.one(number), reviewer)

    def ready(self, number: int, by: Person) -> None:
        """Mark a draft as ready."""
        with self._ground.lock:
            acts_pulls.set_draft(self._ground, self.state, by, self.one(number), False)

    def merge(self, number: int, by: Person) -> None:
        """Merge a pull request with a merge commit."""
        with self._ground.lock:
            acts_pulls.merge(self._ground, self.state, by, self.one(number))

    def reply(self, review_comment: int, body: str, by: Person) -> int:
        """Answer in the thread of a remark; the answer's id."""
        with self._ground.lock:
            issue, comment = find.remark(self.state, review_comment)
            first = find.remark(self.state, comment.first)[1]
            return acts_pulls.reply(self._ground, self.state, by, issue, first, body).id

    def resolve(self, review_comment: int, by: Person) -> None:
        """Resolve the thread of a remark."""
        with self._ground.lock:
            issue, comment = find.remark(self.state, review_comment)
            acts_pulls.resolve_thread(self._ground, self.state, by, issue, comment.first)

    # Checks

    def rerequest_check(self, check: int, by: Person) -> None:
        """Click on "Re-run"."""
        with self._ground.lock:
            acts_checks.rerequest(self._ground, self.state, by, self.state.checks[check])

    def press(self, check: int, identifier: str, by: Person) -> None:
        """Press a button of a check."""
        with self._ground.lock:
            acts_checks.press(self._ground, self.state, by, self.state.checks[check], identifier)

    # What people read

    def one(self, number: int) -> Issue:
        """An issue, or a pull request seen as one."""
        return self.state.issues[number]

    def issues(self) -> list[Issue]:
        """The issues that are no pull requests, oldest first."""
        return [issue for issue in self.state.issues.values() if issue.pull is None]

    def pulls(self) -> list[Issue]:
        """The pull requests, oldest first; what only they have is in `.pull`."""
        return [issue for issue in self.state.issues.values() if issue.pull is not None]

    def comments(self, number: int) -> list[Comment]:
        return list(self.one(number).comments)

    def reactions(self, number: int, comment: int | None = None) -> list[Reaction]:
        """The reactions to an issue, or to a comment or remark on it."""
        issue = self.one(number)
        if comment is None:
            return list(issue.reactions)
        found = {one.id: one.reactions for one in issue.comments}
        found |= {one.id: one.reactions for one in (issue.pull.comments if issue.pull else ())}
        return list(found[comment])

    def labels(self, number: int) -> list[str]:
        return list(self.one(number).labels)

    def reviews(self, number: int) -> list[Review]:
        """The reviews that were submitted."""
        return [review for review in pull_of(self.one(number)).reviews if review.state != "PENDING"]

    def review_comments(self, number: int) -> list[ReviewComment]:
        return list(pull_of(self.one(number)).comments)

    def threads(self, number: int) -> list[Thread]:
        """The threads of all reviews, oldest first."""
        return find.threads(pull_of(self.one(number)))

    def checks(self, sha: str) -> list[Check]:
        """The checks on a commit, oldest first."""
        return [check for check in self.state.checks.values() if check.sha == sha]

    def branches(self) -> dict[str, str]:
        """The branches and where they point."""
        refs = self.git.refs().items()
        return {name.removeprefix("refs/heads/"): sha for name, sha in refs if name.startswith("refs/heads/")}

    def read(self, path: str, branch: str = "") -> str:
        """The text of a file. Raises KeyError when it is not there."""
        files = self.git.files(f"refs/heads/{branch or self.state.default_branch}")
        return self.git.blob(files[path]).decode()

"""Pull requests, reviews, threads, checks and commits in the JSON shapes of GitHub."""

from tests.worlds.github.diffs import FileDiff
from tests.worlds.github.git import Written
from tests.worlds.github.shapes import Shapes, node
from tests.worlds.github.state import Check, Issue, Person, Pull, Repository, Review, ReviewComment
from tests.worlds.github.wire import Json

_SAME = (
    *("number", "state", "locked", "title", "user", "body", "created_at", "updated_at", "closed_at", "assignee"),
    *("assignees", "labels", "milestone", "author_association", "active_lock_reason"),
)
_LINKS = ("self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses")


class PullShapes(Shapes):
    """The shapes of everything around a pull request."""

    def pull(self, repository: Repository, issue: Issue) -> Json:
        """A pull request as lists and thread webhooks show it."""
        pull = pull_of(issue)
        api = f"{self.api_of(repository)}/pulls/{issue.number}"
        html = f"{self.html_of(repository)}/pull/{issue.number}"
        asked = f"{self.api_of(repository)}/issues/{issue.number}"
        whole = self.issue(repository, issue)
        links = {
            "self": api,
            "html": html,
            "issue": asked,
            "comments": f"{asked}/comments",
            "review_comments": f"{api}/comments",
            "review_comment": f"{self.api_of(repository)}/pulls/comments{{/number}}",
            "commits": f"{api}/commits",
            "statuses": f"{self.api_of(repository)}/statuses/{pull.head_sha}",
        }
        return {
            **{name: whole[name] for name in _SAME},
            "url": api,
            "id": issue.id,
            "node_id": node("PR", issue.id),
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "issue_url": asked,
            **{f"{name}_url": links[name] for name in _LINKS[3:]},
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merged_as,
            "requested_reviewers": [self.person(person) for person in pull.reviewers],
            "requested_teams": [],
            "head": self.end(pull.head, pull.head_branch, pull.head_sha, issue.by),
            "base": self.end(repository, pull.base_branch, base_of(repository, issue), repository.owner),
            "_links": {name: {"href": address} for name, address in links.items()},
            "auto_merge": None,
            "draft": pull.draft,
        }

    def whole_pull(self, repository: Repository, issue: Issue, files: list[FileDiff], commits: int) -> Json:
        """A pull request as `GET /pulls/{n}` and the webhooks of pull requests show it."""
        pull = pull_of(issue)
        return {
            **self.pull(repository, issue),
            "merged": pull.merged_at is not None,
            "mergeable": None if pull.merged_at else True,
            "rebaseable": None if pull.merged_at else True,
            "mergeable_state": "draft" if pull.draft else "clean",
            "merged_by": self.person(pull.merged_by) if pull.merged_by else None,
            "comments": len(issue.comments),
            "review_comments": len(pull.comments),
            "maintainer_can_modify": False,
            "commits": commits,
            "additions": sum(file.additions for file in files),
            "deletions": sum(file.deletions for file in files),
            "changed_files": len(files),
        }

    def end(self, repository: Repository | None, branch: str, sha: str, whose: Person) -> Json:
        """One end of a pull request; the repository is None when the fork is gone."""
        owner = repository.owner if repository else whose
        return {
            "label": f"{owner.login}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.person(owner),
            "repo": self.repository(repository) if repository else None,
        }

    def review(self, repository: Repository, issue: Issue, review: Review) -> Json:
        """A review as REST shows it; webhooks write its state in small letters."""
        html = f"{self.html_of(repository)}/pull/{issue.number}#pullrequestreview-{review.id}"
        pull = f"{self.api_of(repository)}/pulls/{issue.number}"
        shape: Json = {
            "id": review.id,
            "node_id": node("PRR", review.id),
            "user": self.person(review.by),
            "body": review.body,
            "state": review.state,
            "html_url": html,
            "pull_request_url": pull,
            "author_association": self.association(repository, review.by),
            "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
            "commit_id": review.commit,
        }
        if review.state != "PENDING":
            shape["submitted_at"] = review.submitted_at
        return shape

    def review_comment(self, repository: Repository, issue: Issue, comment: ReviewComment) -> Json:
        """A remark on a line."""
        api = f"{self.api_of(repository)}/pulls/comments/{comment.id}"
        html = f"{self.html_of(repository)}/pull/{issue.number}#discussion_r{comment.id}"
        pull = f"{self.api_of(repository)}/pulls/{issue.number}"
        shape: Json = {
            "url": api,
            "pull_request_review_id": comment.review,
            "id": comment.id,
            "node_id": node("PRRC", comment.id),
            "diff_hunk": comment.hunk,
            "path": comment.path,
            "commit_id": pull_of(issue).head_sha,
            "original_commit_id": comment.commit,
            "user": self.person(comment.by),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "html_url": html,
            "pull_request_url": pull,
            "author_association": self.association(repository, comment.by),
            "_links": {"self": {"href": api}, "html": {"href": html}, "pull_request": {"href": pull}},
            "reactions": self.reactions(f"{api}/reactions", comment.reactions),
            "start_line": comment.start_line,
            "original_start_line": comment.start_line,
            "start_side": comment.start_side,
            "line": comment.line,
            "original_line": comment.original_line or 1,
            "side": comment.side,
            "position": comment.position if comment.line is not None else None,
            "original_position": comment.position,
            "subject_type": comment.subject,
        }
        if comment.is_reply:
            shape["in_reply_to_id"] = comment.first
        return shape

    def check(self, repository: Repository, check: Check) -> Json:
        """A check run with its suite; pull requests of forks are not named, as on GitHub."""
        api = f"{self.api_of(repository)}/check-runs/{check.id}"
        pulls = [self.check_pull(repository, issue) for issue in pulls_at(repository, check.sha)]
        return {
            "id": check.id,
            "name": check.name,
            "node_id": node("CR", check.id),
            "head_sha": check.sha,
            "external_id": check.external_id,
            "url": api,
            "html_url": f"{self.html_of(repository)}/runs/{check.id}",
            "details_url": check.details_url or f"{self.html_of(repository)}/runs/{check.id}",
            "status": check.status,
            "conclusion": check.conclusion,
            "started_at": check.started_at,
            "completed_at": check.completed_at,
            "output": {
                "title": check.title,
                "summary": check.summary,
                "text": check.text,
                "annotations_count": len(check.annotations),
                "annotations_url": f"{api}/annotations",
            },
            "check_suite": {"id": check.suite},
            "app": self.app(check.app),
            "pull_requests": pulls,
        }

    def hook_check(self, repository: Repository, check: Check) -> Json:
        """A check run as webhooks show it, with its suite spelled out."""
        shape = self.check(repository, check)
        branches = [name for name, sha in repository.git.refs().items() if sha == check.sha]
        heads = [name.removeprefix("refs/heads/") for name in branches if name.startswith("refs/heads/")]
        done = check.status == "completed"
        conclusion = check.conclusion if check.conclusion != "skipped" else "neutral"
        shape["check_suite"] = {
            "id": check.suite,
            "node_id": node("CS", check.suite),
            "head_branch": heads[0] if heads else None,
            "head_sha": check.sha,
            "status": check.status,
            "conclusion": conclusion if done else None,
            "url": f"{self.api_of(repository)}/check-suites/{check.suite}",
            "before": None,
            "after": check.sha,
            "pull_requests": shape["pull_requests"],
            "app": shape["app"],
            "created_at": check.started_at,
            "updated_at": check.completed_at or check.started_at,
        }
        return shape

    def check_pull(self, repository: Repository, issue: Issue) -> Json:
        pull = pull_of(issue)
        reference = {"id": repository.id, "url": self.api_of(repository), "name": repository.name}
        base = base_of(repository, issue)
        return {
            "url": f"{self.api_of(repository)}/pulls/{issue.number}",
            "id": issue.id,
            "number": issue.number,
            "head": {"ref": pull.head_branch, "sha": pull.head_sha, "repo": reference},
            "base": {"ref": pull.base_branch, "sha": base, "repo": reference},
        }

    def file(self, repository: Repository, file: FileDiff, sha: str) -> Json:
        """One file of `GET /pulls/{n}/files`."""
        html = self.html_of(repository)
        shape: Json = {
            "sha": file.sha,
            "filename": file.path,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": f"{html}/blob/{sha}/{file.path}",
            "raw_url": f"{html}/raw/{sha}/{file.path}",
            "contents_url": f"{self.api_of(repository)}/contents/{file.path}?ref={sha}",
        }
        if file.previous:
            shape["previous_filename"] = file.previous
        if file.patch is not None:
            shape["patch"] = file.patch
        return shape

    def commit(self, repository: Repository, commit: Written, who: Person | None) -> Json:
        """A commit; `who` is the account whose address the author used."""
        api, html = f"{self.api_of(repository)}/commits", f"{self.html_of(repository)}/commit"
        git = f"{self.api_of(repository)}/git"
        account = self.person(who) if who else None
        return {
            "url": f"{api}/{commit.sha}",
            "sha": commit.sha,
            "node_id": node("C", int(commit.sha[:8], 16)),
            "html_url": f"{html}/{commit.sha}",
            "comments_url": f"{api}/{commit.sha}/comments",
            "commit": {
                "url": f"{git}/commits/{commit.sha}",
                "author": {"name": commit.author, "email": commit.email, "date": commit.at},
                "committer": {"name": commit.committer, "email": commit.committer_email, "date": commit.at},
                "message": commit.message,
                "tree": {"sha": commit.tree, "url": f"{git}/trees/{commit.tree}"},
                "comment_count": 0,
                "verification": {
                    "verified": commit.committer == "GitHub",
                    "reason": "valid" if commit.committer == "GitHub" else "unsigned",
                    "signature": None,
                    "payload": None,
                    "verified_at": None,
                },
            },
            "author": account,
            "committer": account,
            "parents": [{"sha": sha, "url": f"{api}/{sha}", "html_url": f"{html}/{sha}"} for sha in commit.parents],
        }


def pull_of(issue: Issue) -> Pull:
    """The half of a pull request that an issue has not."""
    assert issue.pull is not None
    return issue.pull


def base_of(repository: Repository, issue: Issue) -> str:
    """Where the base branch stands, or the head itself when it is gone."""
    pull = pull_of(issue)
    return repository.git.ref(f"refs/heads/{pull.base_branch}") or pull.head_sha


def pulls_at(repository: Repository, sha: str) -> list[Issue]:
    """The open pull requests of the repository's own branches with this head."""
    return [
        issue
        for issue in repository.issues.values()
        if issue.pull and issue.state == "open" and issue.pull.head is repository and issue.pull.head_sha == sha
    ]

"""Looking things up in a repository of the GitHub world."""

from tests.worlds.github.state import Issue, Pull, Repository, ReviewComment, Thread


def remark(repository: Repository, number: int) -> tuple[Issue, ReviewComment]:
    """A remark by its id, with its pull request. Raises KeyError when there is none."""
    for issue in repository.issues.values():
        for comment in issue.pull.comments if issue.pull else ():
            if comment.id == number:
                return issue, comment
    raise KeyError(number)


def threads(pull: Pull) -> list[Thread]:
    """The threads of a pull request, oldest first; those of pending reviews are not there yet."""
    pending = {review.id for review in pull.reviews if review.state == "PENDING"}
    return [
        Thread(
            first=comment.id,
            path=comment.path,
            line=comment.line,
            resolved_by=pull.resolved.get(comment.id),
            comments=[one for one in pull.comments if one.first == comment.id],
        )
        for comment in pull.comments
        if not comment.is_reply and comment.review not in pending
    ]

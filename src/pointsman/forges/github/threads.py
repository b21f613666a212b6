"""Threads of our reviews: read by GraphQL, which alone knows what is resolved; answered and closed."""

import logging
from collections.abc import Iterator

from pointsman.domain.forge import Said, Thread, Topic
from pointsman.domain.run import NOBODY, Actor
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.app import Api, GitHubApp
from pointsman.forges.github.markers import bears, finding_in, marked, same
from pointsman.forges.github.refusals import NotThere, Refused, unanswered
from pointsman.forges.github.translate import LINE

logger = logging.getLogger(__name__)

_PAGES = 20
_THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved
          resolvedBy { __typename login databaseId }
          comments(first: 50) {
            nodes {
              fullDatabaseId body createdAt
              author { __typename login ... on User { databaseId } ... on Bot { databaseId } }
            }
          }
        }
      }
    }
  }
}
"""
_RESOLVE = "mutation($thread: ID!) { resolveReviewThread(input: {threadId: $thread}) { thread { id } } }"


def threads_of(app: GitHubApp, topic: Topic) -> tuple[Thread, ...]:
    """The threads that began with a finding of ours, oldest first; none when it is no pull request."""
    if not topic.key.isdecimal():
        return ()
    me = app.me().id
    try:
        found = list(_pages(app.api(topic.repository), int(topic.key)))
    except NotThere:
        return ()
    return tuple(thread for one in found if (thread := _ours(one, me)) is not None)


def ensure_answer(app: GitHubApp, topic: Topic, key: str, body: str, first: str) -> bool:
    """One answer below a thread's first comment. False when there is no such thread to answer in."""
    if not (first.isdecimal() and topic.key.isdecimal()):
        return False
    api, text = app.api(topic.repository), marked("reply", key, body)
    with app.one_at_a_time(topic.repository.id, topic.key, "answer", key):
        try:
            known = _answer(app, api, topic, key, int(first))
            if known is None:
                api.write("POST", f"/pulls/{topic.key}/comments/{first}/replies", {"body": text})
            elif not same(known.body, text):
                api.write("PATCH", f"/pulls/comments/{known.id}", {"body": text})
        except NotThere:
            return False
        except Refused as error:
            # Not the first comment of a thread, or one of a kind that takes no answers; locked ones stay unanswered.
            return error.status != 422
    return True


def resolve(app: GitHubApp, topic: Topic, thread: Thread) -> None:
    """Resolve a thread once; GitHub may say that this is not for Apps."""
    if thread.is_resolved:
        return
    try:
        variables = {"thread": thread.id}
        app.api(topic.repository).graphql(wire.Asked, _RESOLVE, variables, purpose="publish", writes=True)
    except (NotThere, Refused):
        logger.info("a thread was not resolved: GitHub does not let us")


def _pages(api: Api, number: int) -> Iterator[wire.ReviewThread]:
    after: str | None = None
    for _ in range(_PAGES):
        asked = {"number": number, "after": after}
        data = api.graphql(wire.ThreadsAsked, _THREADS, asked, purpose="read").data
        if data is None:
            raise unanswered("its list of threads cannot be read", after=30.0)
        pull = data.repository.pull if data.repository is not None else None
        if pull is None:
            return
        yield from pull.threads.nodes
        if not pull.threads.page.more:
            return
        after = pull.threads.page.cursor


def _ours(thread: wire.ReviewThread, me: int) -> Thread | None:
    said = thread.comments.nodes
    if not said or said[0].author is None or said[0].author.number != me:
        return None
    finding = finding_in(said[0].body)
    if not finding:
        return None
    told = tuple(Said(f"{LINE}{one.number}", _author(one.author), one.body, one.created) for one in said)
    return Thread(thread.id, told[0].id, finding, thread.resolved, told, _author(thread.resolver))


def _author(author: wire.Author | None) -> Actor:
    if author is None:
        return NOBODY
    is_bot = author.kind == "Bot"
    login = f"{author.login}[bot]" if is_bot and not author.login.endswith("[bot]") else author.login
    return Actor(author.number or 0, login, is_bot)


def _answer(app: GitHubApp, api: Api, topic: Topic, key: str, first: int) -> wire.LineComment | None:
    me = app.me().id
    for comment in api.newest(wire.LineComment, f"/pulls/{topic.key}/comments", purpose="talk"):
        ours = comment.user is not None and comment.user.id == me and comment.in_reply_to_id == first
        if ours and bears(comment.body, "reply", key):
            return comment
    return None

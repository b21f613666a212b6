from collections import Counter

from tests.unit.forges.payloads import AT, encoded, headers
from tests.worlds.github.schemas import octokit_examples

from pointsman.domain.events import Delivery, Ignored
from pointsman.domain.run import Actor
from pointsman.forges.github.translate import translate
from pointsman.forges.github.webhook import Bad, delivery_of

ME = Actor(9001, "pointsman[bot]", is_bot=True)
APP = 29310  # the App of the published check suites

# What each wanted kind of the package @octokit/webhooks-examples becomes; all the rest is dropped.
BECOMES = {
    ("check_run", "requested_action"): "a button that we do not have",
    ("check_run", "rerequested"): "the check of another app",
    ("check_suite", "rerequested"): "CheckAsked",
    ("installation", "created"): "RepositoriesAdded",
    ("installation_repositories", "added"): "RepositoriesAdded",
    ("issue_comment", "created"): "Commented",
    ("issues", "labeled"): "IssueLabelled",
    ("pull_request", "closed"): "ChangeClosed",
    ("pull_request", "labeled"): "ChangeLabelled",
    ("pull_request", "opened"): "ChangeOpened",
    ("pull_request", "ready_for_review"): "ChangeOpened",
    ("pull_request", "reopened"): "ChangeOpened",
    ("pull_request", "review_requested"): "ReviewAsked",
    ("pull_request", "synchronize"): "ChangePushed",
    ("pull_request_review", "submitted"): "without a text",
    ("pull_request_review_comment", "created"): "a remark of somebody's own review",
    ("push", ""): "TrunkPushed",
}


def test_every_published_example_is_taken_and_translated() -> None:
    outcomes: Counter[str] = Counter()
    became: dict[tuple[str, str], set[str]] = {}
    for event, payload in octokit_examples():
        taken = delivery_of(headers(event), encoded(payload), at=AT)
        outcomes[type(taken).__name__] += 1
        if isinstance(taken, Delivery):
            told = translate(taken, ME, APP)
            word = told.reason if isinstance(told, Ignored) else type(told).__name__
            became.setdefault((event, str(payload.get("action", ""))), set()).add(word)
    assert became == {kind: {word} for kind, word in BECOMES.items()}
    assert outcomes[Bad.__name__] == 0 and outcomes.total() > 300


def test_every_published_example_is_translated_though_nobody_wants_it() -> None:
    for event, payload in octokit_examples():
        told = translate(Delivery("github", "x", event, encoded(payload), AT), ME, APP)
        word = told.reason if isinstance(told, Ignored) else type(told).__name__
        assert not word.startswith("not understood"), (event, payload.get("action"), word)

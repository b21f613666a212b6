"""From a wish to a frozen order: the forge is asked, the files are read at the base commit, policy decides."""

import hashlib
import re
from dataclasses import dataclass, replace

from pointsman.config.policy_file import PolicyFile
from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import ROUTING_FILE, RoutingFile, idle_keys, load_routing
from pointsman.conversation.hygiene import inbound
from pointsman.conversation.labels import classes_in
from pointsman.conversation.replies import missing_routing_file
from pointsman.domain.errors import OwnerMust, Stopped
from pointsman.domain.figures import NOTHING_MEASURED, Figures
from pointsman.domain.forge import ChangeView
from pointsman.domain.ledger import Spent
from pointsman.domain.levels import TaskClass
from pointsman.domain.models import Model
from pointsman.domain.outcome import Hint
from pointsman.domain.run import (
    Actor,
    Admit,
    ChangeRef,
    Goal,
    Issue,
    PriorReview,
    Refuse,
    Repository,
    RunSpec,
    text_digest,
)
from pointsman.policy.admission import Request, Rulebook, decide, standing
from pointsman.policy.catalogue import PriceOf, catalogue_of
from pointsman.policy.separation import named_authors
from pointsman.policy.sorting import hinted_by_labels
from pointsman.policy.spending import Purse, nothing_left
from pointsman.ports.forge import Forge
from pointsman.ports.workspace import Workspace
from pointsman.runs.routing import committed_routing
from pointsman.runs.sorting import hint_of

# The trailer that `phases.record` and the commits of a run carry; every line counts, since a squash moves trailers.
_ASSISTED = re.compile(r"^[ \t]*Assisted-by: Pointsman \((?P<model>[^\n]*)\)[ \t]*$", re.MULTILINE)
_MEND_ROUTING = "Mend the file on the default branch; until then nothing is run."


@dataclass(frozen=True)
class Order:
    """What somebody asks for. `issue` is its key on the forge; a review names a branch instead.

    `routing` is a routing file (name, bytes) to try in place of the committed one: only a person at the command line
    can give it. `base` is what a branch under review is compared with; `assisted` names the models that
    helped to write it.

    A `review`, `fix` or `ask` may be about a `change` of a forge. `prior` is what was said of it before, `text` the
    title and body that stand for an issue (the findings of a `fix`, the question of an `ask`), `thread` the comment
    to answer below, `expect` the digest of the text that somebody saw when they asked, empty when unknown.
    `task` is the class of task that the person named; `spent` what is paid today, None for a look that costs nothing.
    `wrote` are the models that wrote the change as its runs knew them, whatever their names stand for today; `labels`
    say how closed the issue was that it was made for, since what came of it is as closed.
    """

    goal: Goal
    repository: Repository
    actor: Actor
    at: str
    issue: str = ""
    routing: tuple[str, bytes] | None = None
    branch: str = ""
    base: str = ""
    assisted: tuple[str, ...] = ()
    change: ChangeView | None = None
    prior: PriorReview | None = None
    text: tuple[str, str] | None = None
    thread: str = ""
    expect: str = ""
    task: TaskClass | None = None
    spent: Spent | None = None
    wrote: tuple[Model, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Law:
    """What decides: the organisation's policy with the bytes it was read from, what models cost and do."""

    policy: PolicyFile
    policy_bytes: bytes
    price_of: PriceOf
    figures: Figures = NOTHING_MEASURED


@dataclass(frozen=True)
class Admitted:
    """The frozen order, and the keys of the routing file that this version reads but does not act on."""

    spec: RunSpec
    idle: tuple[str, ...]


async def admit(order: Order, law: Law, *, forge: Forge, workspace: Workspace) -> Admitted | Refuse:
    """The frozen order of a run, or the rule that refuses it.

    Raises OwnerMust for what is missing or wrong in the repository: no commit, no such branch, no issue text, no
    routing file, or one with mistakes (each with line and column), and Stopped(text-changed) when the issue's text is
    not the one that was expected.
    """
    repository = order.repository
    models = catalogue_of(law.policy, law.price_of)
    if order.spent is not None:
        purse = Purse(order.spent, law.policy.caps, repository, order.actor)
        no = nothing_left(purse, models.models.values())
        if no is not None:
            return no
    trunk = await workspace.fetch(repository, repository.default_branch)
    base, head = await _commits(order, workspace, trunk)
    issue = await _issue(order, forge, head)
    routing, routing_bytes = await _routing(order, workspace, trunk)
    authors = named_authors(_assistants(order), models)
    if isinstance(authors, Refuse):
        return authors
    request = Request(
        goal=order.goal,
        repository=repository,
        actor=order.actor,
        access=standing(await forge.access_of(repository, order.actor), order.actor, law.policy.serve.bots),
        issue=issue,
        base_commit=base,
        head_commit=head,
        at=order.at,
        authors=(*authors, *(model for model in order.wrote if model not in authors)),
        hint=_hint(order, issue),
        change=ChangeRef(order.change.number, order.change.branch) if order.change else None,
        prior=await _reachable(order, workspace, base),
        thread=order.thread,
        spent=order.spent,
    )
    decision = decide(
        request,
        Rulebook(
            policy=law.policy,
            policy_digest=digest_of_bytes(law.policy_bytes),
            routing=routing,
            routing_digest=digest_of_bytes(routing_bytes),
            price_of=law.price_of,
            figures=law.figures,
        ),
    )
    return Admitted(decision.spec, idle_keys(routing)) if isinstance(decision, Admit) else decision


def _hint(order: Order, issue: Issue) -> Hint | None:
    """The class that is known before a model is asked; what is no issue is sorted by its labels alone."""
    if order.goal in ("build", "plan"):
        return hint_of(issue, order.task)
    said = classes_in(issue.labels)
    return hinted_by_labels(said.ordered, said.named)


async def _commits(order: Order, workspace: Workspace, trunk: str) -> tuple[str, str]:
    """The base and the head of the work; a fix begins at the head of its change."""
    repository, change = order.repository, order.change
    if change is not None:
        head = await workspace.fetch(repository, change.head_commit)
        return (head, "") if order.goal == "fix" else (await workspace.fetch(repository, change.base_commit), head)
    base = await workspace.fetch(repository, order.base) if order.base else trunk
    return base, await workspace.fetch(repository, order.branch or "HEAD") if order.goal == "review" else ""


async def _reachable(order: Order, workspace: Workspace, base: str) -> PriorReview | None:
    """What was said before; where its commits are gone, as after a rebase, everything of the change is new again."""
    prior = order.prior
    if prior is None:
        return None
    try:
        await workspace.fetch(order.repository, prior.base_commit)
        await workspace.fetch(order.repository, prior.head_commit)
    except OwnerMust:
        return replace(prior, base_commit=base, head_commit=base)
    return prior


def _assistants(order: Order) -> tuple[str, ...]:
    """Every model that wrote what is under review: as named, and as the commits of the change say."""
    messages = [commit.message for commit in order.change.commits] if order.change else []
    found = [one["model"] for message in messages for one in _ASSISTED.finditer(message)]
    return tuple(dict.fromkeys((*order.assisted, *found)))


async def _issue(order: Order, forge: Forge, head: str) -> Issue:
    """The issue as people see it: what they cannot see is stripped and flagged; the digest is of the raw text."""
    raw = await _raw_issue(order, forge, head)
    if order.expect and raw.digest != order.expect:
        raise Stopped(
            f"The text of issue {raw.key} changed after this was asked for: its digest was {order.expect[:12]} "
            f"and is now {raw.digest[:12]}.",
            code="text-changed",
            hint="Read the new text and ask again.",
        )
    heading, text = inbound(raw.title), inbound(raw.body)
    flags = tuple(dict.fromkeys((*heading.flags, *text.flags)))
    return replace(raw, title=" ".join(heading.text.split()), body=text.text, flags=flags)


async def _raw_issue(order: Order, forge: Forge, head: str) -> Issue:
    change = order.change
    if change is not None:
        title, body = order.text or (change.title, change.body)
        labels = tuple(dict.fromkeys((*change.labels, *order.labels)))
        return Issue(change.number, title, body, digest=text_digest(title, body), labels=labels)
    if order.goal == "review":
        title = f"Review of {order.branch or 'the checked-out branch'}"
        return Issue(key="review", title=title, body="", digest=text_digest(title, head))
    found = await forge.issue(order.repository, order.issue)
    if order.text is None:
        return found
    return replace(found, title=order.text[0], body=order.text[1], digest=text_digest(*order.text))


async def _routing(order: Order, workspace: Workspace, trunk: str) -> tuple[RoutingFile, bytes]:
    name, data = order.routing or (ROUTING_FILE, await _committed(workspace, trunk))
    found = load_routing(data, name)
    if isinstance(found, RoutingFile):
        return found, data
    raise _mistakes(found, "Mend the file, then start again." if order.routing else _MEND_ROUTING)


async def routing_at(workspace: Workspace, commit: str) -> RoutingFile:
    """The routing file at a commit. Raises OwnerMust(no-routing-file, routing-file), with every mistake in it."""
    found = load_routing(await _committed(workspace, commit), ROUTING_FILE)
    if isinstance(found, RoutingFile):
        return found
    raise _mistakes(found, _MEND_ROUTING)


def _mistakes(problems: tuple[ConfigProblem, ...], hint: str) -> OwnerMust:
    return OwnerMust("\n".join(str(problem) for problem in problems), code="routing-file", hint=hint)


async def _committed(workspace: Workspace, trunk: str) -> bytes:
    found = await committed_routing(workspace, trunk)
    if found is None:
        raise OwnerMust(missing_routing_file(ROUTING_FILE), code="no-routing-file")
    if isinstance(found, ConfigProblem):
        raise _mistakes((found,), _MEND_ROUTING)
    return found


def digest_of_bytes(data: bytes) -> str:
    """sha256 in hex, as orders name the files that they were decided from."""
    return hashlib.sha256(data).hexdigest()

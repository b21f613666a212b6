"""From a wish to a frozen order: the forge is asked, the files are read at the base commit, policy decides."""

import hashlib
from dataclasses import dataclass, replace

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import ROUTING_FILE, RoutingFile, idle_keys, load_routing
from pointsman.conversation.hygiene import inbound
from pointsman.conversation.labels import task_hinted
from pointsman.conversation.replies import missing_routing_file
from pointsman.domain.errors import OwnerMust
from pointsman.domain.run import Actor, Admit, Goal, Issue, Refuse, Repository, RunSpec
from pointsman.policy.admission import Request, Rulebook, decide
from pointsman.policy.catalogue import PriceOf, catalogue_of
from pointsman.policy.separation import named_authors
from pointsman.ports.forge import Forge
from pointsman.ports.workspace import Workspace

_MEND_ROUTING = "Mend the file on the default branch; until then nothing is run."


@dataclass(frozen=True)
class Order:
    """What somebody asks for. `issue` is its key on the forge; a review names a branch instead.

    `routing` is a routing file (name, bytes) to try in place of the committed one: only a person at the command line
    can give it. `base` is what a branch under review is compared with; `assisted` names the models that
    helped to write it.
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


@dataclass(frozen=True)
class Law:
    """What decides: the organisation's policy with the bytes it was read from, and what models cost."""

    policy: PolicyFile
    policy_bytes: bytes
    price_of: PriceOf


@dataclass(frozen=True)
class Admitted:
    """The frozen order, and the keys of the routing file that this version reads but does not act on."""

    spec: RunSpec
    idle: tuple[str, ...]


async def admit(order: Order, law: Law, *, forge: Forge, workspace: Workspace) -> Admitted | Refuse:
    """The frozen order of a run, or the rule that refuses it.

    Raises OwnerMust for what is missing or wrong in the repository: no commit, no such branch, no issue text, no
    routing file, or one with mistakes (each with line and column).
    """
    repository = order.repository
    trunk = await workspace.fetch(repository, repository.default_branch)
    base = await workspace.fetch(repository, order.base) if order.base else trunk
    head = await workspace.fetch(repository, order.branch or "HEAD") if order.goal == "review" else ""
    issue = await _issue(order, forge, head)
    routing, routing_bytes = await _routing(order, workspace, trunk)
    authors = named_authors(order.assisted, catalogue_of(law.policy, law.price_of))
    if isinstance(authors, Refuse):
        return authors
    request = Request(
        goal=order.goal,
        repository=repository,
        actor=order.actor,
        access=await forge.access_of(repository, order.actor),
        issue=issue,
        base_commit=base,
        head_commit=head,
        at=order.at,
        authors=authors,
        hinted=task_hinted(issue.labels),
    )
    decision = decide(
        request, Rulebook(law.policy, _sha256(law.policy_bytes), routing, _sha256(routing_bytes), law.price_of)
    )
    return Admitted(decision.spec, idle_keys(routing)) if isinstance(decision, Admit) else decision


async def _issue(order: Order, forge: Forge, head: str) -> Issue:
    """The issue as people see it: what they cannot see is stripped and flagged; the digest is of the raw text."""
    if order.goal == "review":
        title = f"Review of {order.branch or 'the checked-out branch'}"
        return Issue(key="review", title=title, body="", digest=_sha256(f"{title}\0{head}".encode()))
    raw = await forge.issue(order.repository, order.issue)
    heading, text = inbound(raw.title), inbound(raw.body)
    flags = tuple(dict.fromkeys((*heading.flags, *text.flags)))
    return replace(raw, title=" ".join(heading.text.split()), body=text.text, flags=flags)


async def _routing(order: Order, workspace: Workspace, trunk: str) -> tuple[RoutingFile, bytes]:
    name, data = order.routing or (ROUTING_FILE, await _committed(workspace, trunk))
    found = load_routing(data, name)
    if isinstance(found, RoutingFile):
        return found, data
    raise OwnerMust(
        "\n".join(str(problem) for problem in found),
        code="routing-file",
        hint="Mend the file, then start again." if order.routing else _MEND_ROUTING,
    )


async def _committed(workspace: Workspace, trunk: str) -> bytes:
    source = await workspace.read(trunk, ROUTING_FILE)
    if source is None:
        raise OwnerMust(missing_routing_file(ROUTING_FILE), code="no-routing-file")
    return source.text.encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

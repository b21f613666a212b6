"""What the commands that ask notes are asked: their options, as one value each."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from pointsman.entrypoints.cli.options import Home, NoteFolders, Repo, TrustedKeys, an_amount

if TYPE_CHECKING:
    from pointsman.domain.noted import Wanted

Form = Literal["table", "json", "csv"]
Rows = Literal["runs", "calls", "edits"]
Revision: TypeAlias = Annotated[
    str, typer.Option("--rev", help="The branch or commit whose notes are asked; else the checked-out one.")
]
RepositoryId: TypeAlias = Annotated[
    str,
    typer.Option(
        "--repository", metavar="<id>", help="The forge's id of the repository; notes of others are not believed."
    ),
]
Store: TypeAlias = Annotated[
    bool, typer.Option("--store", help="Ask the installation's own store, which says nothing of lines.")
]


@dataclass(frozen=True)
class QueryAsked:
    """What `audit query` is asked."""

    model: Annotated[str, typer.Option("--model", help="A model that was asked, by its short name.")] = ""
    family: Annotated[str, typer.Option("--family", help="The family of a model that was asked.")] = ""
    provider: Annotated[str, typer.Option("--provider", help="A provider that was asked.")] = ""
    perimeter: Annotated[
        Literal["local", "account", "public"] | None, typer.Option("--perimeter", help="Where a provider runs.")
    ] = None
    phase: Annotated[str, typer.Option("--phase", help="A phase in which such a call was made.")] = ""
    person: Annotated[
        str, typer.Option("--person", help="Who asked, approved or overrode: a login or a numeric id.")
    ] = ""
    verdict: Annotated[
        Literal["approve", "changes", "inconclusive", "none"] | None,
        typer.Option("--verdict", help="How the last review ended."),
    ] = None
    evidence: Annotated[
        Literal["passed", "failed", "inconclusive", "not run"] | None,
        typer.Option("--evidence", help="What the tests showed."),
    ] = None
    path: Annotated[str, typer.Option("--path", help="A file or folder that was changed; `*` and `**` work.")] = ""
    since: Annotated[str, typer.Option("--since", metavar="DAYS|DATE", help="So many days back, or a day.")] = "all"
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day.")] = ""
    cost_over: Annotated[
        float | None,
        typer.Option("--cost-over", metavar="USD", callback=an_amount, help="Runs that cost at least this much."),
    ] = None
    cost_under: Annotated[
        float | None,
        typer.Option("--cost-under", metavar="USD", callback=an_amount, help="Runs that cost at most this much."),
    ] = None
    escalated: Annotated[
        bool | None, typer.Option("--escalated/--not-escalated", help="Whether a stronger model took over.")
    ] = None
    policy_digest: Annotated[
        str, typer.Option("--policy-digest", metavar="DIGEST", help="The policy in force, by its first characters.")
    ] = ""
    sensitivity: Annotated[str, typer.Option("--sensitivity", help="How closed the work was.")] = ""
    task: Annotated[str, typer.Option("--task", help="The class of task.")] = ""
    result: Annotated[str, typer.Option("--result", help="What runs came to, such as ready or stopped.")] = ""
    run: Annotated[str, typer.Option("--run", metavar="RUN", help="One run.")] = ""
    rows: Annotated[Rows, typer.Option("--rows", help="What a row is.")] = "runs"
    form: Annotated[Form, typer.Option("--format", help="How it is printed.")] = "table"
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False
    repo: Repo = Path()
    revision: Revision = ""
    repository: RepositoryId = ""
    store: Store = False
    notes: NoteFolders = None
    key: TrustedKeys = None
    home: Home = None

    def wanted(self, since: str, until: str) -> "Wanted":
        """The same as a value that notes are chosen by; days as ISO 8601."""
        from pointsman.domain.noted import Wanted

        return Wanted(
            model=self.model,
            family=self.family,
            provider=self.provider,
            perimeter=self.perimeter or "",
            phase=self.phase,
            person=self.person,
            verdict=self.verdict or "",
            path=self.path,
            since=since,
            until=until,
            cost_from=_micro(self.cost_over),
            cost_to=_micro(self.cost_under),
            escalated=self.escalated,
            policy=self.policy_digest,
            sensitivity=self.sensitivity,
            task=self.task,
            result=self.result,
            evidence=self.evidence or "",
            run=self.run,
        )


@dataclass(frozen=True)
class ReportAsked:
    """What `audit report` is asked."""

    since: Annotated[str, typer.Option("--since", metavar="DAYS|DATE", help="So many days back, a day, or all.")] = (
        "90"
    )
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day.")] = ""
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write it there: .html or .md; else Markdown is printed."),
    ] = None
    repo: Repo = Path()
    revision: Revision = ""
    repository: RepositoryId = ""
    store: Store = False
    notes: NoteFolders = None
    key: TrustedKeys = None
    home: Home = None


def _micro(usd: float | None) -> int | None:
    return None if usd is None else round(usd * 1_000_000)

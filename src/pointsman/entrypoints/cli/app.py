"""The commands and their options; what they do is imported only when they are called."""

from pathlib import Path
from typing import Annotated

import typer

from pointsman.entrypoints.cli.asked import IssueAsked, VerifyAsked
from pointsman.entrypoints.cli.asking_notes import QueryAsked, ReportAsked
from pointsman.entrypoints.cli.blame_app import blame_command
from pointsman.entrypoints.cli.explaining_app import explaining
from pointsman.entrypoints.cli.figuring_app import figuring
from pointsman.entrypoints.cli.keys_app import keys
from pointsman.entrypoints.cli.options import (
    AsJson,
    GitHubWeb,
    Home,
    Policy,
    Repo,
    Routing,
    RunId,
    leave_after,
    taking,
)
from pointsman.entrypoints.cli.root import notes_group, program
from pointsman.entrypoints.cli.texts_app import texts
from pointsman.entrypoints.cli.trials_app import trials

app = program()
audit = notes_group(app)
audit.add_typer(texts)
setup = typer.Typer(help="Make the bot known to a forge, without a browser here.", rich_markup_mode=None)
app.add_typer(setup, name="setup", no_args_is_help=True)
app.add_typer(explaining)
app.add_typer(figuring)
app.add_typer(trials, name="eval", no_args_is_help=True)
app.add_typer(keys, name="keys")


@app.command("run")
@taking(IssueAsked)
def run_command(asked: IssueAsked) -> None:
    """Make a reviewed, signed change for an issue, on its own branch."""
    from pointsman.entrypoints.cli import running

    leave_after(running.build(*running.wish_of("build", asked)))


@app.command("plan")
@taking(IssueAsked)
def plan_command(asked: IssueAsked) -> None:
    """Make the plan for an issue and stop there."""
    from pointsman.entrypoints.cli import running

    leave_after(running.build(*running.wish_of("plan", asked)))


@app.command("review")
def review_command(
    branches: Annotated[
        str, typer.Argument(metavar="BRANCH", help="BRANCH or BASE..BRANCH; without it, the checked-out branch.")
    ] = "",
    repo: Repo = Path(),
    routing: Routing = None,
    policy: Policy = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Verify and review a branch as it is; nothing is changed."""
    from pointsman.entrypoints.cli import running

    base, _, branch = branches.rpartition("..")
    wish = running.Wish("review", repo, None, routing, branch=branch, base=base)
    leave_after(running.build(wish, running.Place(home, policy, as_json)))


@app.command("rerun")
def rerun_command(
    run_id: RunId,
    phase: Annotated[str, typer.Argument(metavar="PHASE", help="triage, plan, code, verify, review or record.")],
    model: Annotated[str, typer.Option("--model", help="Another model of the policy for this phase.")] = "",
    policy: Policy = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Do a run again from one phase on; what came before is kept."""
    from pointsman.entrypoints.cli import running

    leave_after(running.rerun(run_id, phase, model, running.Place(home, policy, as_json)))


@app.command("approve")
def approve_command(
    run_id: RunId,
    plan_hash: Annotated[str, typer.Argument(metavar="HASH", help="The plan's hash; eight characters will do.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Agree to the plan of a waiting run, and let it go on."""
    from pointsman.entrypoints.cli import running

    leave_after(running.approve(run_id, plan_hash, running.Place(home, None, as_json)))


@app.command("resume")
def resume_command(
    run_id: Annotated[
        str, typer.Argument(metavar="RUN", help="A run that failed or was stopped; without it all that were cut off.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Go on with runs that were cut off, from their last finished step."""
    from pointsman.entrypoints.cli import running

    leave_after(running.resume(run_id, running.Place(home, None, as_json)))


@app.command("cancel")
def cancel_command(run_id: RunId, home: Home = None, as_json: AsJson = False) -> None:
    """Stop a run within about a second, whichever process it runs in."""
    from pointsman.entrypoints.cli import looking

    leave_after(looking.cancel_run(run_id, home, as_json))


@app.command("status")
def status_command(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="One run; without it those that go on or wait.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What goes on now."""
    from pointsman.entrypoints.cli import looking

    leave_after(looking.status(run_id, home, as_json))


@app.command("runs")
def runs_command(
    repo: Annotated[Path | None, typer.Option("--repo", help="Only the runs of this repository.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """The newest runs."""
    from pointsman.entrypoints.cli import looking

    leave_after(looking.runs(repo, home, as_json))


@app.command("show")
def show_command(run_id: RunId, home: Home = None, as_json: AsJson = False) -> None:
    """One run with everything it left."""
    from pointsman.entrypoints.cli import looking

    leave_after(looking.show(run_id, home, as_json))


@app.command("demo")
def demo_command(
    scripted: Annotated[
        bool, typer.Option("--scripted", help="Play scripted models even where real ones are.")
    ] = False,
    openai_url: Annotated[str, typer.Option("--openai-url", help="An OpenAI-compatible server to use.")] = "",
    picture: Annotated[Path | None, typer.Option("--picture", help="Write the end as an SVG picture.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="Where to make the repository.")] = None,
) -> None:
    """The whole main job on a small repository with a real bug."""
    from pointsman.entrypoints.cli.demo import Stage, demo

    leave_after(demo(Stage(scripted, openai_url, picture, folder)))


@app.command("doctor")
def doctor_command(policy: Policy = None, home: Home = None, as_json: AsJson = False) -> None:
    """What is here: sandbox, interpreters, policy, models that answer."""
    from pointsman.entrypoints.cli import doctor

    leave_after(doctor.doctor(policy, home, as_json))


@app.command("presets")
def presets_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Print this preset; without it all are listed.")] = "",
    routing: Annotated[
        bool, typer.Option("--routing", help="Print the routing file that goes with it instead of the policy.")
    ] = False,
) -> None:
    """The policies that come with Pointsman, to choose from and to copy."""
    from pointsman.entrypoints.cli import choosing

    leave_after(choosing.presets(name, routing))


@app.command("quarantine")
def quarantine_command(
    lift: Annotated[str, typer.Option("--lift", metavar="PROVIDER", help="Let this provider be asked again.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Providers that did not keep to the policy and are not asked until they are lifted."""
    from pointsman.entrypoints.cli import quarantine

    leave_after(quarantine.quarantine(lift, home, as_json))


@app.command("serve")
def serve_command(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    url: Annotated[str, typer.Option("--url", help="Where GitHub reaches it: https://bot.example.org.")] = "",
    policy: Policy = None,
    home: Home = None,
) -> None:
    """Take webhooks and work on what they ask for, until told to stop."""
    from pointsman.entrypoints.cli import serving

    leave_after(serving.serve_forges(serving.Listening(host, port, url), policy, home))


@setup.command("github")
def setup_github_command(
    url: Annotated[str, typer.Option("--url", help="Where GitHub reaches the server: https://bot.example.org.")] = "",
    org: Annotated[str, typer.Option("--org", help="The organisation that owns the App; else your account.")] = "",
    web: GitHubWeb = "https://github.com",
    code: Annotated[str, typer.Option("--code", help="The code that GitHub put into the browser's address.")] = "",
    rotate_secret: Annotated[
        bool, typer.Option("--rotate-secret", help="Add a second webhook secret; called again, drop the old one.")
    ] = False,
    home: Home = None,
) -> None:
    """Make a GitHub App: a form (--url), then GitHub's code (--code)."""
    from pointsman.entrypoints.cli import installing

    if rotate_secret:
        leave_after(installing.rotate(home))
    elif code:
        leave_after(installing.exchange(code, web, home))
    else:
        leave_after(installing.begin(installing.Asked(url, org, web), home))


@setup.command("github-app")
def setup_github_app_command(
    app_id: Annotated[int, typer.Option("--app-id", min=1, help="The App's number, as its page says.")],
    key: Annotated[Path, typer.Option("--key", help="The App's private key, a PEM file.")],
    webhook_secret: Annotated[Path, typer.Option("--webhook-secret-file", help="A file that holds the secret.")],
    web: GitHubWeb = "https://github.com",
    home: Home = None,
) -> None:
    """Use a GitHub App that is there already."""
    from pointsman.entrypoints.cli import installing

    leave_after(installing.adopt(installing.Existing(app_id, key, webhook_secret, web), home))


@audit.command("verify")
@taking(VerifyAsked)
def verify_command(asked: VerifyAsked) -> None:
    """Check signatures, chain, subjects and separation of the notes, and who stands for each commit."""
    from pointsman.entrypoints.cli import auditing

    leave_after(auditing.verify(asked))


@audit.command("export")
def export_command(
    to: Annotated[Path, typer.Option("--to", metavar="<path>", help="The folder to write into.")],
    run: Annotated[str, typer.Option("--run", metavar="<id>", help="The run; without it every note.")] = "",
    home: Home = None,
) -> None:
    """Write notes out of the installation's store, as the files that they are in a repository."""
    from pointsman.entrypoints.cli import audit_export

    leave_after(audit_export.export(run, to, home))


audit.command("blame")(blame_command)


@audit.command("query")
@taking(QueryAsked)
def query_command(asked: QueryAsked) -> None:
    """Runs, calls or edits of the notes that fit, as a table, JSON or CSV."""
    from pointsman.entrypoints.cli import audit_query

    leave_after(audit_query.query(asked))


@audit.command("report")
@taking(ReportAsked)
def report_command(asked: ReportAsked) -> None:
    """A page for risk: who wrote what landed, who checked it, what left which perimeter."""
    from pointsman.entrypoints.cli import audit_report

    leave_after(audit_report.report(asked))

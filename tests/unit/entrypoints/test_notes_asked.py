"""`pointsman audit query` and `audit report` on a real repository with signed notes, some of them tampered with."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.audit.facts import World, facts, note_files
from tests.worlds.browser import browser
from typer.testing import CliRunner, Result

from pointsman.domain.notes import KeptNote
from pointsman.domain.run import Repository
from pointsman.entrypoints.cli.app import app
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World.made(tmp_path_factory.mktemp("asked"))
    previous = ""
    for run in ("one", "two"):
        world.git("switch", "--quiet", "--create", f"pointsman/{run}")
        previous = world.note(run, previous).digest
        world.git("switch", "--quiet", "main")
        world.git("merge", "--quiet", "--no-ff", "-m", f"Merge {run}", f"pointsman/{run}")
    world.commit({"by_hand.py": "a\nb\nc\nd\n"}, "Write by hand")
    (world.folder.parent / "key.pem").write_bytes(world.signer.public_key())
    return world


def typed(world: World, command: str, *words: str, columns: int = 100) -> Result:
    about = ["--repo", str(world.folder), "--home", str(world.folder.parent / "home")]
    key = [] if "--key" in words else ["--key", str(world.folder.parent / "key.pem")]
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(app, ["audit", command, *about, *key, *words])


def test_runs_are_shown_as_a_table_that_fits_a_terminal(world: World) -> None:
    said = typed(world, "query", "--model", "bigger")
    assert said.exit_code == 0, said.output
    assert [line.split()[1] for line in said.output.splitlines()[1:3]] == ["one", "two"]
    assert "2 runs; the runs cost $0.0082 together." in said.output
    assert max(map(len, said.output.splitlines())) <= 100


def test_a_question_that_nothing_fits_says_so(world: World) -> None:
    said = typed(world, "query", "--perimeter", "public")
    assert (said.exit_code, said.output.strip()) == (0, "No note fits.")


def test_calls_as_json_are_those_that_were_asked_for(world: World) -> None:
    told = json.loads(typed(world, "query", "--rows", "calls", "--phase", "review", "--run", "one", "--json").output)
    assert [(row["model"], row["run"], len(row["prompt_sha256"])) for row in told["rows"]] == [
        ("reviewer", "one", 64)
    ]
    assert (told["asked"], told["not_believed"]) == (2, [])


def test_edits_as_csv_are_read_by_a_spreadsheet(world: World) -> None:
    said = typed(world, "query", "--rows", "edits", "--path", "shop.py", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said.output)))
    assert [(row["run"], row["path"], row["model"], row["added"]) for row in rows] == [
        ("one", "shop.py", "bigger", "1"),
        ("two", "shop.py", "bigger", "1"),
    ]
    nothing = typed(world, "query", "--rows", "edits", "--path", "nowhere", "--format", "csv").output
    assert nothing.splitlines() == ["day,run,path,model,added,removed,reviewer,verdict"]


def test_days_that_are_no_days_are_told_with_what_to_write(world: World) -> None:
    for words in (("--since", "yesterday"), ("--until", "2026-13-01")):
        said = typed(world, "query", *words)
        assert said.exit_code == 2
        assert "--" in said.output


def test_notes_of_a_stranger_are_in_no_row_and_are_named(world: World, tmp_path: Path) -> None:
    stranger = World.made(tmp_path)
    (tmp_path / "stranger.pem").write_bytes(stranger.signer.public_key())
    said = typed(world, "query", "--key", str(tmp_path / "stranger.pem"))
    assert said.exit_code == 1
    assert "No note fits." in said.output
    assert said.output.count("not believed") == 2
    told = typed(world, "report", "--since", "all", "--key", str(tmp_path / "stranger.pem"))
    assert told.exit_code == 1
    assert told.output.index("## What does not hold") < told.output.index("## In short")


def test_the_report_counts_lines_where_they_landed(world: World) -> None:
    said = typed(world, "report", "--since", "all")
    assert said.exit_code == 0, said.output
    assert "2 notes were written; the work of 2 landed" in said.output
    assert "| bigger | 2 | " in said.output
    assert "| people | 5 | " in said.output
    assert "| bigger | reviewer | 2 | 2 | 2 | 0 | 0 |" in said.output
    assert "No run worked on anything restricted or secret." in said.output


def test_a_file_that_is_neither_page_is_refused_and_nothing_is_written(world: World, tmp_path: Path) -> None:
    for name in ("report.pdf", "report"):
        said = typed(world, "report", "--to", str(tmp_path / name))
        assert said.exit_code == 2
        assert ".html or .md" in said.output
    lost = typed(world, "report", "--to", str(tmp_path / "nowhere" / "report.md"))
    assert (lost.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "cannot be written" in lost.output


def test_a_browser_shows_the_page_with_its_plots(world: World, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert typed(world, "report", "--since", "all", "--to", str(page)).exit_code == 0
    with browser() as window:
        window.get(page.as_uri())
        assert window.title == "Who wrote and who checked: shop"
        bars = window.find_elements("css selector", "svg rect")
        assert bars and all(bar.size["width"] > 0 for bar in bars)
        wide = window.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
        assert window.find_element("css selector", "svg").value_of_css_property("display") == "block"


def test_the_store_is_asked_without_any_clone_and_says_nothing_of_lines(tmp_path: Path) -> None:
    home = tmp_path / "home"
    installation = Installation(read_settings(home))
    told = facts()
    signed = asyncio.run(installation.keys.signer.sign(told))
    kept = KeptNote(
        repository_id="local:1",
        repository="shop",
        run_id="r-1",
        change="",
        branch=told.branch,
        name=signed.name,
        page=signed.page,
        envelope=signed.envelope,
        digest=signed.digest,
        previous="",
        key_id=signed.key_id,
        written_at=told.written_at,
    )
    elsewhere = (replace(kept, repository_id="local:2", name="elsewhere"), replace(kept, repository_id="local:3"))
    asyncio.run(_keep(installation, kept, *elsewhere))
    asked = ["--store", "--home", str(home), "--repo", str(tmp_path)]
    query = CliRunner().invoke(app, ["audit", "query", "--json", *asked])
    rows = json.loads(query.stdout)
    assert [row["run"] for row in rows["rows"]] == ["r-1"]
    assert [problem["rule"] for problem in rows["not_believed"]] == ["name", "repository"]
    report = CliRunner().invoke(app, ["audit", "report", "--since", "all", *asked])
    assert "1 note was written.\n" in report.output
    assert "lines landed" not in report.output


async def _keep(installation: Installation, *kept: KeptNote) -> None:
    for note in kept:
        await installation.ledger.take_place(note)
    await installation.close()


def test_notes_on_the_audit_ref_and_in_a_folder_are_asked_as_well_and_count_once(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    (tmp_path / "key.pem").write_bytes(world.signer.public_key())
    world.git("switch", "--quiet", "--create", "elsewhere")
    one = world.note("one")
    world.git("update-ref", "refs/pointsman/audit", "HEAD")
    two = world.note("two", one.digest)
    world.git("switch", "--quiet", "main")
    (tmp_path / "kept").mkdir()
    for note in (one, two):
        (tmp_path / "kept" / f"{note.name}.intoto.jsonl").write_bytes(note.envelope)
    assert "1 run;" in typed(world, "query").output
    with_folder = typed(world, "query", "--notes", str(tmp_path / "kept"))
    assert (with_folder.exit_code, "2 runs;" in with_folder.output) == (0, True)
    (tmp_path / "kept" / f"{one.name}.intoto.jsonl").write_bytes(two.envelope)
    told = typed(world, "query", "--notes", str(tmp_path / "kept"))
    assert told.exit_code == 1
    assert "reads otherwise" in " ".join(told.output.split())


def test_a_note_that_was_copied_from_another_repository_is_named_and_in_no_row_though_our_key_signed_it(
    tmp_path: Path,
) -> None:
    world = World.made(tmp_path)
    (tmp_path / "key.pem").write_bytes(world.signer.public_key())
    here = world.rev("HEAD")

    def noted(run: str, forge: str, repository: str, base: str) -> None:
        told = replace(world.facts(here, here, run), branch=f"pointsman/{run}")
        whose = Repository(forge, repository, "shop", "", "main")
        told = replace(told, spec=replace(told.spec, repository=whose, base_commit=base))
        world.commit(note_files(asyncio.run(world.signer.sign(told)), world.signer), f"Record {run}")

    def rows(*words: str) -> tuple[int, list[str], list[tuple[str, str]]]:
        said = typed(world, "query", "--json", *words)
        told = json.loads(said.stdout)
        wrong = [(one["rule"], one["note"].split("-")[-1][:5]) for one in told["not_believed"]]
        return said.exit_code, [row["run"] for row in told["rows"]], wrong

    # The copied one is called so that it comes first among the files, and begins a chain as ours does.
    noted("acopy", "github", "9", "e" * 40)
    noted("zours", "github", "7", here)
    assert rows() == (1, ["zours"], [("repository", "acopy")])
    assert rows("--repository", "7") == (1, ["zours"], [("repository", "acopy")])
    assert rows("--repository", "9") == (1, ["acopy"], [("repository", "zours")])
    page = typed(world, "report", "--since", "all")
    assert page.exit_code == 1
    assert "1 note was written" in page.output and "for another repository: 9, and this is 7" in page.output

    # By its place a repository on disk is another one after it was moved; its commits tell.
    noted("moved", "local", "0a", here)
    noted("other", "local", "0b", "e" * 40)
    assert rows() == (1, ["moved", "zours"], [("repository", "acopy"), ("repository", "other")])

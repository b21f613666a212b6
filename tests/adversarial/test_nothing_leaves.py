"""No byte of closed text leaves the machine: every packet of whole runs is recorded, whatever sent it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.worlds import outside
from tests.worlds.networks import VENDOR, Heard, Networks
from tests.worlds.repositories import ISSUE, buggy_package, commit
from tests.worlds.script import Script
from tests.worlds.stage import PLAN, RIGHT, SEATS, Said, Seat, Stage, edit, replies, staged, usual

FAR = ("far-planner", "far-coder", "far-reviewer")
LOCAL = (*SEATS, Seat("stuck", "zeta"), Seat("gone", "eta", url="http://127.0.0.1:1"))
PUBLIC = tuple(Seat(name, f"{name}-kin", url=VENDOR, perimeter="public") for name in FAR)
ROUTES = "plan: planner\ncode: coder\nqa: reviewer\n"
FAR_ROUTES = "plan: far-planner\ncode: far-coder\nqa: far-reviewer\n"
ELSEWHERE = f"http://{outside.VENDOR}:8080"
SECRET = "discounted"


def scripts() -> tuple[Script, Script]:
    """What the models of both servers say: everything right at once, but for one that never is."""
    never = edit("price - percent * 3")
    plan = {**PLAN, "change": [], "create": ["shop/other.py"]}
    answers = dict(zip(FAR, ((replies(plan),), (edit(RIGHT),), (replies({}),)), strict=True))
    near, far = usual(stuck=(never,)), usual(**answers)
    return replace(near, models=tuple(seat.name for seat in LOCAL)), replace(far, models=FAR)


@pytest.fixture(scope="module")
def networks() -> Iterator[Networks]:
    with Networks(*scripts()) as made:
        yield made


@dataclass(frozen=True)
class Told:
    """A command that was typed on the machine: what it said, what it sent, and whom it asked."""

    said: Said
    heard: Heard
    asked: list[str]
    far: list[str]

    def stayed(self, port: int) -> bool:
        """Whether no packet went out, and everything on loopback went to the local models."""
        heard = self.heard
        return (heard.outer, heard.loopback_but_tcp) == ([], []) and heard.opened("lo") <= {("127.0.0.1", port)}


@dataclass(frozen=True)
class Machine:
    """A stage on the machine with one way out."""

    networks: Networks
    stage: Stage

    @classmethod
    def of(
        cls,
        networks: Networks,
        folder: Path,
        *,
        level: str,
        labels: str = "bug",
        routes: str = ROUTES,
    ) -> "Machine":
        """A repository of that level whose routing file is committed, with an issue that bears the labels."""
        story = buggy_package(folder, routing=routes)
        story.issue.write_text(ISSUE.replace("\n", f"\nLabels: {labels}\n", 1), encoding="utf-8")
        levels = {"internal": {"perimeters": ["local", "public"]}, "restricted": {"perimeters": ["local"]}}
        made = staged(
            folder,
            networks.local,
            story=story,
            seats=(*LOCAL, *PUBLIC),
            sensitivities=levels,
            repositories=[{"match": "**", "sensitivity": level}],
        )
        return cls(networks, replace(made, place=networks.place, env=networks.env))

    def types(self, *words: str, env: dict[str, str] | None = None) -> Told:
        """Type a command and record what passes until it has ended."""
        near, far = len(self.networks.local.seen), len(self.networks.public.seen)
        stage = replace(self.stage, env={**self.stage.env, **(env or {})})
        with self.networks.listening() as heard:
            said = stage.does(*words, with_policy=True)
        asked = [seen.model for seen in self.networks.local.seen[near:] if seen.model]
        return Told(said, heard, asked, [body.decode() for body in self.networks.public.bodies[far:]])

    def runs(self, goal: str = "run", **env: str) -> Told:
        """Work on the issue."""
        return self.types(goal, *self.stage.about(), "--json", env=env)

    @property
    def port(self) -> int:
        return self.networks.local.port


def test_r8_a_closed_repository_with_public_models_alone_is_refused_and_not_a_packet_is_sent(
    networks: Networks, tmp_path: Path
) -> None:
    machine = Machine.of(networks, tmp_path, level="restricted", routes=FAR_ROUTES)
    told = machine.runs()
    assert told.said.code == 1, told.said
    assert "perimeter" in told.said.told
    assert (told.heard.packets, told.asked, told.far) == ([], [], [])
    machine.stage.git("checkout", "--quiet", "-b", "half")
    commit(machine.stage.repository, "Half of it")
    reviewed = machine.types("review", "half", "--repo", str(machine.stage.repository))
    assert reviewed.said.code == 1 and "perimeter" in reviewed.said.told, reviewed.said
    assert (reviewed.heard.packets, reviewed.far) == ([], [])


def test_r8_a_closed_repository_with_local_models_gets_its_change_and_not_a_byte_leaves_whatever_the_environment_says(
    networks: Networks, tmp_path: Path
) -> None:
    machine = Machine.of(networks, tmp_path, level="restricted")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    addresses = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_HOST", "OPENAI_API_BASE", "GENAI_PRICES_URL")
    told = machine.runs(**dict.fromkeys((*proxies, *addresses), ELSEWHERE))
    assert (told.said.code, told.said.run["result"]) == (0, "ready"), told.said
    assert ({"planner", "coder", "reviewer"}, told.said.json["evidence"]) == (set(told.asked), "passed")
    assert told.stayed(machine.port) and told.heard.opened("lo")
    again = machine.types("rerun", told.said.run_id, "code", "--model", "far-coder")
    assert again.said.code == 1 and "perimeter" in again.said.told, again.said
    assert (again.heard.packets, again.far) == ([], [])


def test_r8_a_label_closes_an_issue_before_the_model_that_sorts_the_work_is_asked(
    networks: Networks, tmp_path: Path
) -> None:
    routes = f"triage: far-planner\n{ROUTES}"
    machine = Machine.of(networks, tmp_path, level="internal", labels="pointsman:restricted", routes=routes)
    told = machine.runs()
    assert told.said.code == 1 and "perimeter" in told.said.told, told.said
    assert (told.heard.packets, told.asked, told.far) == ([], [], [])


def test_r8_an_outage_of_the_local_model_moves_closed_text_to_no_public_one(
    networks: Networks, tmp_path: Path
) -> None:
    routes = "plan: {model: gone, fallback: [far-planner]}\ncode: coder\nqa: reviewer\n"
    machine = Machine.of(networks, tmp_path, level="restricted", routes=routes)
    told = machine.runs()
    assert told.said.code == 4, told.said
    assert (told.heard.outer, told.far) == ([], [])
    assert told.heard.opened("lo") == {("127.0.0.1", 1)}


def test_r8_a_coder_that_is_stuck_hands_closed_text_to_no_public_one(networks: Networks, tmp_path: Path) -> None:
    routes = "plan: planner\ncode: {model: stuck, escalate: [far-coder]}\nqa: reviewer\n"
    machine = Machine.of(networks, tmp_path, level="restricted", routes=routes)
    told = machine.runs()
    assert (told.said.code, told.said.run["result"]) == (1, "needs-person"), told.said
    assert told.asked.count("stuck") >= 2
    assert told.stayed(machine.port) and told.far == []


def test_a_path_that_is_closed_is_shown_to_no_public_model_and_a_diff_that_touches_it_to_no_reviewer(
    networks: Networks, tmp_path: Path
) -> None:
    routes = f"{FAR_ROUTES}paths: [{{match: shop/prices.py, sensitivity: restricted}}]\n"
    machine = Machine.of(networks, tmp_path, level="internal", routes=routes)
    told = machine.runs()
    assert told.said.code == 1 and "shop/prices.py: restricted" in told.said.told, told.said
    assert told.heard.opened("outer") == {(outside.VENDOR, 443)}
    assert {"far-planner", "far-coder"} == {seen.model for seen in networks.public.seen[-len(told.far) :]}
    assert SECRET in told.far[0]
    assert not [body for body in told.far if "The price after" in body]


def test_an_open_repository_is_seen_on_the_way_out_so_the_recorder_works(networks: Networks, tmp_path: Path) -> None:
    machine = Machine.of(networks, tmp_path, level="internal", routes=FAR_ROUTES)
    told = machine.runs("plan")
    assert told.said.code == 0, told.said
    assert told.heard.opened("outer") == {(outside.VENDOR, 443)}
    assert (told.heard.opened("lo"), told.asked) == (set(), [])
    assert SECRET in told.far[0]


def test_doctor_asks_whom_the_policy_names_and_tells_nobody_of_a_repository(
    networks: Networks, tmp_path: Path
) -> None:
    machine = Machine.of(networks, tmp_path, level="internal")
    told = machine.types("doctor", "--json")
    assert told.said.code == 0, told.said
    assert told.heard.opened("outer") == {(outside.VENDOR, 443)}
    assert told.heard.opened("lo") == {("127.0.0.1", machine.port), ("127.0.0.1", 1)}
    assert told.heard.loopback_but_tcp == []
    assert told.far and not [body for body in told.far if "shop" in body or SECRET in body]

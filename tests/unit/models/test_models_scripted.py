"""Models that answer from a script on disk."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.unit.models.models_world import LedgerInMemory, WallClock, ask, model, provider

from pointsman.domain.errors import OperatorMust
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import Ending, Model, Outage, ProviderKind, Reply, Shape, ToolSpec, ToolStyle
from pointsman.models.door import Door

SHAPE = Shape("verdict", {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]})
TOOL = ToolSpec("read", "Read.", {"type": "object", "properties": {}})


def scripted(tmp_path: Path, script: object, *, perimeter: Perimeter = Perimeter.LOCAL) -> tuple[Door, Model]:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(script))
    where = provider(ProviderKind.SCRIPTED, str(path), perimeter=perimeter, timeout_seconds=0.2)
    return Door({where.name: where}, LedgerInMemory(), WallClock(), lambda _: None), model(
        where, tools=ToolStyle.NATIVE
    )


def asked(stage: tuple[Door, Model], number: int) -> Reply | Outage:
    door, which = stage
    question = ask(which, call_id=f"r-1:plan:{number}", shape=SHAPE, tools=(TOOL,))
    return asyncio.run(door.ask(question))


def test_the_number_of_the_call_picks_the_reply_and_the_last_one_stays(tmp_path: Path) -> None:
    replies = [{"text": "one"}, {"data": {"ok": True}}, {"outage": "overloaded"}]
    stage = scripted(tmp_path, {"worker": {"plan": replies}, "*": {"plan": [{"text": "other"}]}})
    heard = [asked(stage, number) for number in (0, 1, 2, 9, 1)]
    assert [one.text if isinstance(one, Reply) else one.kind for one in heard] == [
        "one",
        '{"ok": true}',
        "overloaded",
        "overloaded",
        '{"ok": true}',
    ]
    assert isinstance(heard[1], Reply) and heard[1].data == {"ok": True}
    assert isinstance(heard[4], Reply) and heard[4].received_sha256 == heard[1].received_sha256


def test_a_script_can_call_tools(tmp_path: Path) -> None:
    reply = asked(scripted(tmp_path, {"*": {"plan": [{"calls": [{"name": "read", "arguments": {"a": 1}}]}]}}), 0)
    assert isinstance(reply, Reply) and reply.ending is Ending.TOOLS
    assert [(call.name, call.arguments) for call in reply.calls] == [("read", {"a": 1})]


def test_a_scripted_delay_over_the_wall_time_is_a_timeout(tmp_path: Path) -> None:
    ended = asked(scripted(tmp_path, {"*": {"plan": [{"text": "late", "seconds": 30}]}}), 0)
    assert isinstance(ended, Outage) and ended.kind == "timeout"


@pytest.mark.parametrize("script", [{}, [], {"*": []}, {"*": {"code": [{"text": "x"}]}}, {"*": {"plan": []}}])
def test_a_script_without_a_reply_is_told_to_the_operator(tmp_path: Path, script: object) -> None:
    with pytest.raises(OperatorMust, match="The script of provider the-scripted"):
        asked(scripted(tmp_path, script), 0)


def test_a_scripted_provider_is_never_anything_but_local(tmp_path: Path) -> None:
    with pytest.raises(OperatorMust) as raised:
        asked(scripted(tmp_path, {"*": {"plan": [{"text": "x"}]}}, perimeter=Perimeter.PUBLIC), 0)
    assert raised.value.code == "bad-provider"


def test_a_probe_names_a_script_that_is_missing(tmp_path: Path) -> None:
    door, which = scripted(tmp_path, {"other": {}})
    assert "no model worker" in asyncio.run(door.probe(which))
    (tmp_path / "script.json").unlink()
    assert "cannot be read" in asyncio.run(door.probe(which))

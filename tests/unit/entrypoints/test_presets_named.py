"""The policies that come with Pointsman: named by a bare word, listed, printed to be copied."""

import asyncio
import re
from pathlib import Path

import pytest

from pointsman.config.routing_file import load_routing
from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.entrypoints.cli.choosing import presets
from pointsman.entrypoints.policies import read_policy
from pointsman.entrypoints.presets import DEFAULT, preset_names
from pointsman.entrypoints.settings import read_settings

POLICIES = Path(__file__).resolve().parents[3] / "policies"


def _listed(capsys: pytest.CaptureFixture[str]) -> str:
    assert asyncio.run(presets("", False)) == 0
    return " ".join(capsys.readouterr().out.split())


def test_the_package_carries_every_preset_with_its_routing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(preset_names()) == {path.stem for path in POLICIES.glob("*.yml")}
    for name in preset_names():
        for routing, file in ((False, POLICIES / f"{name}.yml"), (True, POLICIES / "routing" / f"{name}.yml")):
            assert asyncio.run(presets(name, routing)) == 0
            assert capsys.readouterr().out == file.read_text(encoding="utf-8")


def test_a_newcomer_reads_what_each_preset_is_for_and_how_to_start_from_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = _listed(capsys)
    assert "local-only Every word stays on hardware of your own." in said
    assert said.index(DEFAULT) < said.index("local-only") < said.index("speed-and-depth")
    assert "pointsman presets NAME > policy.yml" in said
    assert "pointsman presets NAME --routing > .pointsman.yml" in said


@pytest.mark.parametrize("name", preset_names())
def test_each_preset_opens_with_what_it_is_for_whom_at_what_price_and_with_which_routing_file(name: str) -> None:
    text = (POLICIES / f"{name}.yml").read_text(encoding="utf-8")
    opening = text.partition("version: 1")[0]
    for part in ("What it is", "For whom", "What it costs and gives up", "Goes with", f"policies/routing/{name}.yml"):
        assert part in opening, part


def test_a_copy_is_as_good_as_the_preset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(presets("regulated", False))
    copy = tmp_path / "policy.yml"
    copy.write_text(capsys.readouterr().out, encoding="utf-8")
    shipped = read_policy(Path("regulated"), tmp_path)
    assert (shipped.place, shipped.policy) == ("regulated", read_policy(copy, tmp_path).policy)
    asyncio.run(presets("regulated", True))
    assert not isinstance(load_routing(capsys.readouterr().out.encode()), tuple)


def test_a_preset_that_is_named_wins_over_the_policy_of_the_home(tmp_path: Path) -> None:
    own = (POLICIES / "default.yml").read_text(encoding="utf-8").replace("run_usd: 2.00", "run_usd: 0.25")
    (tmp_path / "policy.yml").write_text(own, encoding="utf-8")
    assert read_policy(None, tmp_path).policy.caps.run_usd == 0.25
    assert read_policy(Path("default"), tmp_path).policy.caps.run_usd == 2.0


def test_a_file_that_is_called_like_a_preset_comes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "local-only").write_bytes((POLICIES / "regulated.yml").read_bytes())
    assert read_policy(Path("local-only"), tmp_path).policy.separation == "vendor"
    assert read_settings(policy=Path("local-only")).policy_option == f" --policy {tmp_path / 'local-only'}"


def test_a_command_that_is_told_to_people_keeps_the_bare_name_of_a_preset() -> None:
    assert read_settings(policy=Path("regulated")).policy_option == " --policy regulated"


def test_a_folder_of_a_presets_name_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "regulated").mkdir()
    assert read_policy(Path("regulated"), tmp_path).place == "regulated"


@pytest.mark.parametrize(
    ("name", "near"), [("regulatd", "regulated"), ("provider_diversity", "provider-diversity"), ("zzz", "")]
)
def test_a_misspelt_preset_is_refused_with_the_names_that_there_are(tmp_path: Path, name: str, near: str) -> None:
    with pytest.raises(UsageMust) as caught:
        read_policy(Path(name), tmp_path)
    assert caught.value.code == "no-preset"
    assert (f"Did you mean {near}?" in str(caught.value)) is bool(near)
    assert all(known in caught.value.hint for known in preset_names())


@pytest.mark.parametrize("name", ["regulated.yml", "./regulated", "policies/regulated"])
def test_a_path_is_never_taken_for_a_preset(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = tmp_path / "regulated" if name.startswith(".") else Path(name)
    with pytest.raises(UsageMust) as caught:
        read_policy(given, tmp_path)
    assert caught.value.code == "no-policy"
    assert "pointsman presets" in caught.value.hint


def test_routing_without_a_name_says_that_one_is_wanted() -> None:
    with pytest.raises(UsageMust, match="Name the preset"):
        asyncio.run(presets("", True))


@pytest.mark.parametrize("key", ["providers", "models"])
@pytest.mark.parametrize(
    ("left", "words"), [("KEY: {}", "at least one is wanted here"), ("", 'key "KEY" is missing')]
)
def test_a_policy_with_no_provider_or_no_model_is_refused_at_its_line(
    tmp_path: Path, key: str, left: str, words: str
) -> None:
    whole = (POLICIES / "local-only.yml").read_text(encoding="utf-8")
    text = re.sub(rf"^{key}:\n(?:  .*\n|\n)+", left.replace("KEY", key) + "\n", whole, flags=re.MULTILINE)
    file = tmp_path / "policy.yml"
    file.write_text(text, encoding="utf-8")
    line = text.splitlines().index(left.replace("KEY", key) or "version: 1") + 1
    with pytest.raises(OperatorMust) as caught:
        read_policy(file, tmp_path)
    assert caught.value.code == "policy-file"
    assert f"{file}:{line}:" in str(caught.value)
    assert words.replace("KEY", key) in str(caught.value)

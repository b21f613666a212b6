"""S7: the key that signs is out of reach of whatever a repository runs, which is tried before anything is run."""

import asyncio
import json
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world
from tests.worlds import ordinary_user

from pointsman.domain.errors import OperatorMust
from pointsman.domain.work import Toolchain
from pointsman.workspaces.sandbox import LinuxSandbox

TIERS = ("bubblewrap", "landlock")
DRIVER = """
import asyncio, json, os, sys
spec = json.loads(sys.argv[1])
sys.path += spec["packages"]
from pathlib import Path
from pointsman.domain.errors import OperatorMust
from pointsman.domain.work import Toolchain
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation
from pointsman.workspaces.sandbox import LinuxSandbox
place = Path(spec["place"])
(place / "tools").mkdir()
def key(folder):
    made = place / folder / "signing.pem"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.touch(mode=0o600)
    return made
async def tier(secret):
    tools = (Toolchain("tool", str(place / "tools"), str(place / "tools")),)
    held = LinuxSandbox(place, place / "scratch", tools, refuse_tiers=spec["refused"], secret=(secret,))
    try:
        return (await held.tier()).name
    except OperatorMust as error:
        return error.code
class Shown(Installation):
    def toolchains(self, named=()):
        return (Toolchain("tool", str(place / "tools"), str(place / "tools")),)
async def starts(home):
    installation = Shown(read_settings(home))
    try:
        return str(await installation.require_key())
    except OperatorMust as error:
        return error.code
    finally:
        await installation.close()
async def main():
    tiers = [await tier(key("keys")), await tier(key("tools/keys"))]
    print(json.dumps([os.getuid(), *tiers, await starts(place / "home"), await starts(place / "tools/home")]))
asyncio.run(main())
"""


def tier_of(place: Path, secret: Path, tier: str) -> str:
    """The tier that holds where the folder `tools` is shown to every job."""
    (place / "tools").mkdir(exist_ok=True)
    tools = (Toolchain("tool", str(place / "tools"), str(place / "tools")),)
    refused = [name for name in TIERS if name != tier]
    held = LinuxSandbox(place, place / "scratch", tools, refuse_tiers=refused, secret=(secret,))
    return asyncio.run(held.tier()).name


def secret_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "signing.pem").write_text("secret")
    return folder / "signing.pem"


@pytest.mark.parametrize("tier", TIERS)
def test_s7_a_key_in_the_home_is_out_of_reach_and_one_beside_an_interpreter_stops_everything(
    tmp_path: Path, tier: str
) -> None:
    world.repository(tmp_path)
    assert tier_of(tmp_path, secret_in(tmp_path / "keys"), tier) == tier
    shown = secret_in(tmp_path / "tools/keys")
    with pytest.raises(OperatorMust, match="could read") as refusal:
        tier_of(tmp_path, shown, tier)
    assert (refusal.value.code, str(shown) in str(refusal.value)) == ("signing-key", True)


def test_s7_a_link_to_a_key_is_followed_to_where_it_leads(tmp_path: Path) -> None:
    world.repository(tmp_path)
    shown, link = secret_in(tmp_path / "tools/keys"), tmp_path / "link.pem"
    link.symlink_to(shown)
    with pytest.raises(OperatorMust, match="could read"):
        tier_of(tmp_path, link, "bubblewrap")


@pytest.mark.parametrize("tier", TIERS)
def test_s7_the_same_holds_for_an_ordinary_user_who_owns_the_key(tmp_path: Path, tier: str) -> None:
    """Its jobs run under its own uid, so that the mode of the file alone keeps nobody out. Nothing starts then."""
    spec = {
        "packages": [str(ordinary_user.PACKAGES), sysconfig.get_paths()["purelib"]],
        "place": str(tmp_path),
        "refused": [t for t in TIERS if t != tier],
    }
    done = ordinary_user.run((sys.executable, "-I", "-S", "-c", DRIVER, json.dumps(spec)), own=tmp_path, env={})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [ordinary_user.uid(), tier, "signing-key", "None", "signing-key"]

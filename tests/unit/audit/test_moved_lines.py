"""Lines that main moved, or changed around, while a run was at work: bound by themselves, and not forged."""

from pathlib import Path

import pytest
from tests.unit.audit.blame_world import BOT, BotWorld, Step, numbered
from tests.unit.audit.verify_world import CODE, TEXT, Shop, changed, covers, only

from pointsman.workspaces.changed_lines import lines_digest

ROWS = [f"this is row {number} of the shop" for number in range(1, 41)]
HEAD = [b"diff --git a/shop.py b/shop.py", b"index 1..2 100644", b"--- a/shop.py", b"+++ b/shop.py"]


def shop_with(changes: dict[int, str], more: tuple[str, ...] = ()) -> str:
    return numbered(*more, *(changes.get(number, row) for number, row in enumerate(ROWS, 1)))


def digest(*hunks: str, head: list[bytes] = HEAD) -> str:
    return lines_digest([*head, *(line.encode() for hunk in hunks for line in hunk.split("\n"))])


FIRST = "@@ -5,3 +5,3 @@ def total():\n for item in items:\n-    total = item\n+    total += item\n return total"
SECOND = "@@ -50,2 +50,3 @@\n def of(price):\n+    return price * amount\n "


def test_neither_numbers_nor_far_lines_count_and_everything_else_does() -> None:
    signed = digest(FIRST, SECOND)
    assert len(signed) == 64
    surrounded = FIRST.replace("@@ -5,3 +5,3 @@ def total():", "@@ -90,5 +91,5 @@\n other\n lines") + "\n after"
    assert digest(surrounded, SECOND) == signed
    assert digest(f"{FIRST}\n{SECOND.partition(chr(10))[2]}") == signed
    others = (
        (FIRST,), (SECOND,), (SECOND, FIRST), (FIRST, FIRST, SECOND), (FIRST, SECOND.replace("+ ", "- ")),
        (FIRST.replace(" for item", " while item"), SECOND), (FIRST.replace("return total", "yield total"), SECOND),
        (FIRST.replace(" return total", "\\ No newline at end of file"), SECOND),
        (FIRST, SECOND.replace("    r", "\tr")),
        (FIRST.replace("+    total += item", "+    total += item\n\\ No newline at end of file"), SECOND),
    )  # fmt: skip
    found = [digest(*other) for other in others]
    assert signed not in found and len(set(found)) == len(found) and all(found)


def test_what_says_too_little_or_is_no_change_of_lines_has_no_digest() -> None:
    assert digest("@@ -9,2 +9,3 @@\n     }\n+}\n ") == ""
    assert digest(FIRST, "@@ -90,2 +90,3 @@\n     }\n+\n }") == ""
    for line in (b"new file mode 100644", b"deleted file mode 100644", b"old mode 100644", b"new mode 100755"):
        assert digest(FIRST, head=[HEAD[0], line, *HEAD[1:]]) == ""
    assert lines_digest([*HEAD, b"GIT binary patch", b"literal 3", b"KcmZQz"]) == lines_digest(HEAD) == ""
    assert digest(FIRST, head=[*HEAD, b"@@ -1 +0,0 @@", b"-a link once", *HEAD]) == ""


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> BotWorld:
    """A run of two commits on `work`; main goes on two lines above and two below what it changed."""
    world = BotWorld.made(tmp_path_factory.mktemp("moved") / "shop")
    world.commit({"shop.py": shop_with({}), "till.py": shop_with({})})
    world.git("checkout", "--quiet", "-b", "work")
    world.run(
        "r-1",
        Step({"shop.py": shop_with({10: "the model wrote 10"}), "till.py": shop_with({7: "the model wrote 7"})}),
        Step({"shop.py": shop_with({10: "the model wrote 10", 30: "the model wrote 30"})}),
    )
    world.git("checkout", "--quiet", "-b", "nearby", "main")
    world.commit({"shop.py": shop_with({8: "Ada wrote 8", 12: "Ada wrote 12"}, ("Ada wrote a head",))})
    return world


def told(world: BotWorld, revision: str, path: str = "shop.py") -> list[tuple[str, str, str]]:
    """Each line that names its writer: as who wrote it, who is said to have written it, and what binds it."""
    lines = world.blame(path, revision).lines
    kept = [line for line in lines if " wrote " in line.line.text]
    return [(line.line.text, "/".join(line.written.models) or line.written.by, line.written.binding) for line in kept]


def test_after_a_rebase_amid_changes_nearby_blame_names_the_model_and_says_what_binds(worked: BotWorld) -> None:
    worked.git("checkout", "--quiet", "-B", "rebased", "work")
    worked.git("rebase", "--quiet", "nearby")
    assert told(worked, "rebased") == [
        ("Ada wrote a head", "person", ""),
        ("Ada wrote 8", "person", ""),
        ("the model wrote 10", "bigger", "lines"),
        ("Ada wrote 12", "person", ""),
        ("the model wrote 30", "bigger", "lines"),
    ]
    assert told(worked, "rebased", "till.py") == [("the model wrote 7", "bigger", "file")]
    whys = {line.written.why for line in worked.blame("shop.py", "rebased").lines if line.written.binding == "lines"}
    assert [why for why in whys if "bound by its lines alone" not in why] == []


def test_after_a_squash_amid_changes_nearby_the_lines_bind_only_where_the_head_is_gone(
    worked: BotWorld, tmp_path: Path
) -> None:
    worked.git("checkout", "--quiet", "-B", "squashed", "nearby")
    worked.git("merge", "--quiet", "--squash", "work")
    worked.git("commit", "--quiet", "-m", "Squash it")
    assert [row[1:] for row in told(worked, "squashed") if "model" in row[0]] == [("bigger", "head")] * 2
    source = f"file://{worked.folder}"
    worked.git("clone", "--quiet", "--bare", "--single-branch", "--branch", "squashed", source, str(tmp_path / "c"))
    lines = worked.blame("shop.py", folder=tmp_path / "c").lines
    assert [line.written.binding for line in lines if "model wrote" in line.line.text] == ["lines"] * 2
    assert {line.written.by for line in lines if "Ada wrote" in line.line.text} == {"person"}


FORGED = {
    "elsewhere": {"shop.py": shop_with({20: "the model wrote 10", 30: "the model wrote 30"})},
    "a part": {"shop.py": shop_with({10: "the model wrote 10"})},
    "more": {"shop.py": shop_with({10: "the model wrote 10", 20: "Eve wrote 20", 30: "the model wrote 30"})},
    "another file": {
        "shop.py": shop_with({8: "Ada wrote 8", 10: "the model wrote 10", 30: "the model wrote 30"}, ("a head",)),
        "eve.py": "Eve wrote this file too\n",
    },
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_strangers_commit_under_the_bots_name_is_not_credited(worked: BotWorld, forged: str) -> None:
    worked.git("checkout", "--quiet", "-B", "forged", "nearby")
    files = {"till.py": shop_with({7: "the model wrote 7"}), **FORGED[forged]}
    worked.commit(files, "Mend it\n\nAssisted-by: Pointsman (bigger)\nPointsman-Run: r-1", who=BOT)
    worked.git("cherry-pick", "work")
    assert {row[1:] for row in told(worked, "forged") if "model" in row[0]} == {("unknown", "")}


def test_lines_that_landed_once_are_not_lent_to_a_second_commit(worked: BotWorld) -> None:
    """The run is in the history as it was signed; somebody takes it back, and puts it in again in its name."""
    worked.git("checkout", "--quiet", "-B", "landed", "nearby")
    worked.git("merge", "--quiet", "--no-ff", "-m", "Merge it", "work")
    with_it = worked.git("show", "HEAD:shop.py") + "\n"
    worked.commit({"shop.py": worked.git("show", "nearby:shop.py") + "\n"})
    worked.commit({"shop.py": with_it}, "Mend it\n\nAssisted-by: Pointsman (bigger)\nPointsman-Run: r-1", who=BOT)
    assert {row[1:] for row in told(worked, "landed") if "model" in row[0]} == {("unknown", "")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop.made(tmp_path_factory.mktemp("made"))


@pytest.fixture
def shop(made: Shop, tmp_path: Path) -> Shop:
    return made.copied(tmp_path)


NEARBY = TEXT.replace("line 3\n", "meanwhile 3\n")
LANDED = changed(5).replace("line 3\n", "meanwhile 3\n")


def test_u6_after_a_rebase_amid_changes_nearby_the_lines_bind_and_verify_says_so(shop: Shop) -> None:
    onto = shop.world.commit({"a.py": f"a head\n{NEARBY}"}, "Meanwhile")
    shop.world.git("checkout", "--quiet", "work")
    shop.world.git("rebase", "--quiet", onto)
    report = shop.verify(must_cover=True)
    bound = only(report)
    assert (report.verdict, bound.kind, len(bound.commits), bound.differing) == ("holds", "lines", 1, ())
    assert "Where they stand was not signed" in bound.why and bound.why.endswith("around them: a.py.")
    assert covers(report) == ["person", "note", "notes-only"]


@pytest.mark.parametrize(("a", "b", "message"), [
    (NEARBY.replace("line 15\n", "changed 5\n"), changed(5), CODE),
    (LANDED.replace("line 20\n", "smuggled\n"), changed(5), CODE),
    (LANDED, TEXT, CODE),
    (LANDED, changed(6), CODE),
    (LANDED, changed(5), "Mend it myself"),
    (LANDED, changed(5), "Mend it\n\nPointsman-Run: r-9"),
], ids=["elsewhere", "more", "a file less", "another hunk", "no word of the run", "another run"])  # fmt: skip
def test_u6_whoever_changes_more_less_or_elsewhere_is_not_covered_by_lines(
    shop: Shop, a: str, b: str, message: str
) -> None:
    shop.world.commit({"a.py": NEARBY}, "Meanwhile")
    shop.world.commit({"a.py": a, "b.py": b}, message)
    shop.world.git("cherry-pick", shop.tip)
    report = shop.verify()
    assert only(report).kind in {"files", "none"} and "note" not in covers(report)

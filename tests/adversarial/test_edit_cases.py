"""Edits that a hostile or confused model might write: E1 to E11 and E13, with P13, R2 and U8."""

import asyncio
import os
import stat
import subprocess
from pathlib import Path

import pytest
from tests.worlds import repositories
from tests.worlds.fingerprints import fingerprint

from pointsman.config.policy_parts import BUILT_IN_PROTECTED
from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import Patch
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText, Edit, EditOrder, EditRefusal, EditRules, Replace, Write
from pointsman.workspaces.workspace import GitWorkspace

TEXT = CommitText("Change", "", (), "2026-11-21T10:00:00Z")


class Bench:
    """A workspace on a repository with a bug, a link out of it, and a submodule-like entry."""

    def __init__(self, where: Path) -> None:
        self.story = repositories.link_out(where)
        root = self.story.repository
        head = repositories.git(root, "rev-parse", "HEAD")
        repositories.git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},vendored")
        repositories.git(root, "commit", "--quiet", "-m", "vendor")
        repository = Repository("local", "e", "shop", str(root), "main")
        self.workspace = GitWorkspace.open(where / "home", repository)
        self.base = asyncio.run(self.workspace.fetch(repository, "main"))

    def apply(self, *edits: Edit, rules: EditRules | None = None) -> Patch | EditRefusal:
        order = EditOrder(self.base, self.base, "m", rules or EditRules(), TEXT)
        return asyncio.run(self.workspace.apply(order, edits))

    def refused(self, *edits: Edit, rules: EditRules | None = None) -> EditRefusal:
        done = self.apply(*edits, rules=rules)
        assert isinstance(done, EditRefusal), done
        return done


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


HOSTILE = (
    "../evil.py", "shop/../../evil.py", "/etc/passwd", "//etc/passwd", "./shop/x.py", "shop//x.py", "shop/.", "..",
    "", "C:/x.py", "shop\\x.py", "a\0b.py", "a\nb.py", "a\tb.py", "shop/\u202egpj.py", "shop/\u200bx.py",
    "cafe\u0301.py",
    "-rf", "shop/--upload-pack=x", "x" * 256, "/".join("x" * 600), "trailing ", "trailing.", " lead.py",
    ".git/config", ".GIT/hooks/pre-commit", "shop/.git/config", "git~1/config", "GIT~2/x", ".git./config",
    ".git /config",
    ".g\u200cit/config", ".git\u200d/config", "\uff0egit/config", ".git::$INDEX_ALLOCATION/config", ".git:x/y",
    ".gitattributes", "shop/.gitattributes", ".gitmodules", ".lfsconfig",
    "shop/secret.py", "vault", "vault/x.py", "vendored", "vendored/x.py", "shop", "shop/prices.py/x",
    "Shop/new.py", "shop/PRICES.py", "README.MD",
)  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_e1_to_e6_a_hostile_path_is_refused_for_every_kind_of_edit(bench: Bench, path: str) -> None:
    for edit in (Write(path, "x = 1\n"), Replace(path, "", "x = 1\n"), Replace(path, "price - percent", "0")):
        assert bench.refused(edit).kind == "protected"
    outside = bench.story.watched[0]
    assert [entry.name for entry in outside.iterdir()] == ["secret.txt"]


def test_e4_e5_what_stands_in_a_working_folder_is_never_written_to(bench: Bench) -> None:
    """E4, E5. A hard link to a file outside and a pipe in the way: edits are made in git's objects alone."""
    root, outside = bench.story.repository, bench.story.watched[0] / "secret.txt"
    (root / "shop/prices.py").unlink()
    os.link(outside, root / "shop/prices.py")
    os.mkfifo(root / "shop/new.py")
    before = fingerprint(bench.story.watched[0])
    edits = (
        Replace("shop/prices.py", "    return price - percent", "    return 0.0"),
        Write("shop/new.py", "x = 1\n"),
    )
    assert isinstance(bench.apply(*edits), Patch)
    assert fingerprint(bench.story.watched[0]) == before
    assert stat.S_ISFIFO((root / "shop/new.py").lstat().st_mode)


def test_e1_two_new_names_that_a_file_system_may_take_for_one_are_refused(bench: Bench) -> None:
    assert bench.refused(Write("new.py", "x = 1\n"), Write("NEW.py", "x = 2\n")).kind == "protected"


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", ".GITHUB/WORKFLOWS/CI.YML", ".gitlab-ci.yml",
        "action.yml", "Jenkinsfile", "docs/CODEOWNERS", "renovate.json", ".pre-commit-config.yaml",
        ".husky/pre-commit",
        ".devcontainer/devcontainer.json", ".vscode/tasks.json", "AGENTS.md", "sub/CLAUDE.md", ".npmrc",
        ".github/actions/x/action.yml", ".github/dependabot.yml", ".circleci/config.yml", "azure-pipelines.yml",
        ".github/copilot-instructions.md", ".cursorrules", ".mcp.json", "web/.yarnrc.yml", "pip.conf",
    ],
)  # fmt: skip
def test_e7_what_ci_and_agents_obey_is_protected_by_what_every_order_says(bench: Bench, path: str) -> None:
    assert bench.refused(Write(path, "x\n"), rules=EditRules(protected=BUILT_IN_PROTECTED)).kind == "protected"


@pytest.mark.parametrize("path", [".pointsman.yml", ".POINTSMAN.yml", ".pointsman/routing.yml"])
def test_r2_the_routing_file_is_never_edited(bench: Bench, path: str) -> None:
    assert bench.refused(Write(path, "code: other\n"), rules=EditRules(allowed=("**",))).kind == "protected"


@pytest.mark.parametrize(
    "path", [".pointsman/audit/r1.md", ".Pointsman/Audit/r1.dsse.json", ".pointsman/keys/k.pem", "sub/.pointsman.yml"]
)
def test_u8_nothing_of_ours_is_written_by_a_model(bench: Bench, path: str) -> None:
    refusal = bench.apply(Write(path, "forged\n"))
    assert isinstance(refusal, EditRefusal)


def test_e8_too_many_files_too_many_bytes_binary_and_minified_texts_are_refused(bench: Bench) -> None:
    many = tuple(Write(f"f{number}.txt", "x\n") for number in range(21))
    assert bench.refused(*many).kind == "too-large"
    assert bench.refused(Write("big.txt", "word\n" * 300_000)).kind == "too-large"
    assert bench.refused(Write("app.js", "x=1;" * 4000)).kind == "too-large"
    assert bench.refused(Write("data.bin", "a\0b\n")).kind == "unreadable"


@pytest.mark.parametrize(
    "char", ["\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\x1b", "\x08", "\U000e0041", "\u2028"]
)
def test_e9_invisible_and_control_characters_are_refused_with_their_line(bench: Bench, char: str) -> None:
    refusal = bench.refused(Write("note.txt", f"first\nse{char}cond\n"))
    assert refusal.kind == "unreadable"
    assert "line 2" in refusal.message
    assert f"U+{ord(char):04X}" in refusal.message
    assert char not in refusal.message


def test_e9_an_emoji_of_several_parts_is_no_invisible_character(bench: Bench) -> None:
    assert isinstance(bench.apply(Write("note.txt", "train 👩\u200d🚒\n")), Patch)


@pytest.mark.parametrize("path", ["shop/\u0440rices.py", "sh\u043ep/new.py", "README.\u041cD", "n\u0435w.py"])
def test_p13_a_path_of_letters_that_only_look_like_others_is_refused(bench: Bench, path: str) -> None:
    """Beside a present file of that look, or by itself where it mixes alphabets."""
    refusal = bench.refused(Write(path, "x = 1\n"))
    assert refusal.kind == "protected"
    assert "look" in refusal.message


@pytest.mark.parametrize("word", ["\u0430dmin", "is_p\u0430id", "sc\u043epe", "\u039fk", "c\u043ede"])
def test_p13_a_word_that_mixes_alphabets_is_refused_with_its_letters_and_line(bench: Bench, word: str) -> None:
    refusal = bench.refused(Write("rights.py", f"admin = 1\n{word} = 2\n"))
    assert refusal.kind == "unreadable"
    odd = next(char for char in word if not char.isascii())
    assert f"U+{ord(odd):04X}" in refusal.message and "line 2" in refusal.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        # What looks like a comment in one language is none in another.
        ("sum.js", "x = total % \u0440\u0430\u0443;\n"),
        ("sum.c", "int x = i-- - \u0440\u0430\u0443;\n"),
        ("sum.sh", "rm tmp/*; \u0440\u0430\u0443=1; rm other/*/x\n"),
    ],
)
def test_p13_a_whole_name_of_other_letters_is_refused_also_behind_what_is_no_comment(
    bench: Bench, path: str, text: str
) -> None:
    refusal = bench.refused(Write(path, text))
    assert (refusal.kind, "name" in refusal.message) == ("unreadable", True)


def test_p13_a_file_made_to_take_long_is_looked_through_once(bench: Bench) -> None:
    """Quotes that nobody closes: looked at from each of them anew, this would take hours."""
    root = bench.story.repository
    repositories.write(root, "long.js", '"' + '\\"' * 300_000 + "\nx = 1\n")
    commit = repositories.commit(root, "long")
    asyncio.run(bench.workspace.fetch(Repository("local", "e", "shop", str(root), "main"), "main"))
    order = EditOrder(commit, commit, "m", EditRules(), TEXT)
    done = asyncio.run(bench.workspace.apply(order, (Replace("long.js", "x = 1", "\u0438\u043c\u044f = 1"),)))
    assert isinstance(done, Patch | EditRefusal)


@pytest.mark.parametrize(
    "text",
    [
        "\u0394x = 1\n",
        "# \u043f\u0440\u0438\u043c\u0435\u0440\n",
        "s = 'gr\u00f6\u00dfe \u03bc\u03b1'\n",
        "\u03c3_max = 3\n",
    ],
)
def test_p13_words_of_one_alphabet_and_letters_that_look_like_no_other_are_written(bench: Bench, text: str) -> None:
    assert isinstance(bench.apply(Write("words.py", text)), Patch)


def test_p2_what_stands_for_an_unseen_character_in_a_prompt_is_not_written_into_the_file(bench: Bench) -> None:
    root = bench.story.repository
    repositories.write(root, "odd.py", "mark = '\u200b'\nvalue = 1\n")
    commit = repositories.commit(root, "odd")
    asyncio.run(bench.workspace.fetch(Repository("local", "e", "shop", str(root), "main"), "main"))
    order = EditOrder(commit, commit, "m", EditRules(), TEXT)
    whole = Write("odd.py", "mark = '<U+200B>'\nvalue = 2\n")
    refusal = asyncio.run(bench.workspace.apply(order, (whole,)))
    assert isinstance(refusal, EditRefusal) and "line 1" in refusal.message
    done = asyncio.run(bench.workspace.apply(order, (Replace("odd.py", "value = 1", "value = 2"),)))
    assert isinstance(done, Patch)


def test_p13_a_word_that_was_there_before_may_stay(bench: Bench) -> None:
    root = bench.story.repository
    repositories.write(root, "old.py", "sc\u043epe = 1\nvalue = 1\n")
    commit = repositories.commit(root, "old")
    asyncio.run(bench.workspace.fetch(Repository("local", "e", "shop", str(root), "main"), "main"))
    order = EditOrder(commit, commit, "m", EditRules(), TEXT)
    assert isinstance(
        asyncio.run(bench.workspace.apply(order, (Replace("old.py", "value = 1", "value = 2"),))), Patch
    )


def test_e10_a_block_with_stale_context_is_refused_and_never_applied_with_fuzz(bench: Bench) -> None:
    stale = "    # rounded to cents\n    return price - percent_points\n"
    refusal = bench.refused(Replace("shop/prices.py", stale, "    return 0.0\n"))
    assert refusal.kind == "no-match"


def test_e11_no_reply_changes_the_mode_of_a_file_or_makes_a_link(bench: Bench) -> None:
    block = "<<<<<<< SEARCH\n    return price - percent\n=======\n    return 0.0\n>>>>>>> REPLACE"
    reply = f"new mode 100755\nshop/prices.py\n{block}"
    order = EditOrder(bench.base, bench.base, "m", EditRules(), TEXT)
    patch = asyncio.run(bench.workspace.propose(order, reply, EditStyle.BLOCKS))
    assert isinstance(patch, Patch)
    listed = subprocess.run(
        ["git", f"--git-dir={bench.workspace.git_dir}", "diff-tree", "-r", bench.base, patch.commit],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert [row.split()[:2] for row in listed.stdout.splitlines()] == [[":100644", "100644"]]


SECRETS = (
    "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN OPENSSH PRIVATE KEY-----", "ghp_" + "a1B2" * 9,
    "ghs_" + "eyJhbGciOi.JIUzI1NiJ9_" * 3, "github_pat_" + "a1B2" * 10, "glpat-" + "a1B2" * 5, "AKIA" + "ABCD" * 4,
    "sk-ant-" + "a1B2-" * 6, "xoxb-" + "1234567890-ab",
)  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_e13_a_text_that_looks_like_a_secret_is_refused_and_not_repeated(bench: Bench, secret: str) -> None:
    refusal = bench.refused(Write("settings.py", f'FIRST = 1\nKEY = """{secret}"""\n'))
    assert refusal.kind == "protected"
    assert "line 2" in refusal.message
    assert secret not in refusal.message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("def discounted(price, percent):\n    return price - (percent\n", "syntax"),
        ("# ... existing code ...\ndef discounted(price, percent):\n    return 0\n", "lost-names"),
        ("def discounted(price, percent):\n    # rest of the code remains unchanged\n    return 0\n", "lost-names"),
        ("def other():\n    return 0\n", "lost-names"),
        ("", "lost-names"),
    ],
)
def test_a_whole_file_that_is_broken_or_lazy_is_refused(bench: Bench, text: str, kind: str) -> None:
    assert bench.refused(Write("shop/prices.py", text)).kind == kind


def test_a_file_that_never_parsed_may_still_be_edited(bench: Bench) -> None:
    root = bench.story.repository
    repositories.write(root, "legacy.py", "print 'old style'\nvalue_one = 1\n")
    commit = repositories.commit(root, "legacy")
    asyncio.run(bench.workspace.fetch(Repository("local", "e", "shop", str(root), "main"), "main"))
    order = EditOrder(commit, commit, "m", EditRules(), TEXT)
    done = asyncio.run(bench.workspace.apply(order, (Replace("legacy.py", "value_one = 1", "value_one = 2"),)))
    assert isinstance(done, Patch)

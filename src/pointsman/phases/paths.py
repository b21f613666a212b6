"""What a path says of a file: whether it is named, a test, a test's configuration, or guarded."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

OWN_FILES = (".git/**", ".pointsman/**", ".pointsman.yml")
_RECORD = re.compile(r"\.pointsman/(audit/[^/]+\.(md|intoto\.jsonl)|keys/[^/]+\.pem)")
_LOCKS = (
    "*.lock", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "requirements*.lock",
)  # fmt: skip
_EXAMPLES = (".example", ".sample", ".template", ".dist", ".defaults")
_SECRET_NAMES = frozenset(
    {".netrc", "_netrc", ".pgpass", ".pypirc", ".git-credentials", ".htpasswd", "id_rsa", "id_dsa", "id_ecdsa",
     "id_ed25519", "credentials.json", "secrets.json", "secrets.yml", "secrets.yaml"}
)  # fmt: skip
_SECRET_ENDS = (".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx")
_CI = (".github/**", ".gitlab-ci.yml", ".gitlab/**", ".circleci/**", "Jenkinsfile", ".ci/**", "azure-pipelines.yml")
# What tests are compared with, fed with or helped by is theirs as well.
_TEST_FOLDERS = frozenset(
    {
        "test", "tests", "testing", "spec", "specs", "__tests__", "__snapshots__", "__mocks__", "__fixtures__",
        "testdata", "fixtures", "e2e", "testutil", "testutils", "test_utils", "test-utils", "test_helpers",
    }
)  # fmt: skip
_TEST_NAME = re.compile(
    r"(^tests?[_.\-].*|.*[_.\-](test|tests|spec)\.\w+|.*(Tests?|Spec)\.(java|kt|cs|scala|groovy|swift|php)|.*IT\.java|"
    r".*\.(snap|ambr)|.*\.approved\.\w+)$"
)
_TEST_WORDS = re.compile(
    r"^(?:tests?|spec)[_.\-]|[_.\-](?:tests?|spec|unit|integration)$|^Test(?=[A-Z])|(?<=[a-z0-9])(?:Tests?|Spec|IT)$"
)
_TEST_CONFIG = frozenset(
    {
        "conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml",
        "tox.ini", "setup.cfg", "pyproject.toml", "noxfile.py",
        "package.json",
        "Makefile", "makefile", "GNUmakefile", "sitecustomize.py", "usercustomize.py", ".coveragerc",
        # What other languages' runners go by: which packages and tests there are, and by what they are run.
        "go.mod", "go.work", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle",
        "settings.gradle.kts", "gradle.properties", "Rakefile", ".rspec", "composer.json", "phpunit.xml",
        "phpunit.xml.dist", "phpunit.dist.xml", ".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "deno.json",
        "deno.jsonc", "Justfile", "justfile", ".justfile", "Taskfile.yml", "Taskfile.yaml", ".runsettings",
    }
)  # fmt: skip
_TEST_CONFIG_NAME = re.compile(r"^((jest|vitest|vite|babel|karma|ava)\.(config|setup|workspace)|\.mocharc)(\.\w+)*$")
# At the top of a tree these take the place of the runner itself, since `python -m` looks there first.
_RUNNERS = frozenset({"pytest", "_pytest", "pluggy", "iniconfig", "unittest"})
_PATH_IN_TEXT = re.compile(r"[\w.\-]+(?:/[\w.\-]+)*")
_CODE_SUFFIXES = frozenset(
    {
        ".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".go", ".rs", ".rb", ".java", ".kt", ".c", ".h", ".cc",
        ".cpp", ".hpp", ".cs", ".php", ".swift", ".sh", ".sql",
    }
)  # fmt: skip


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    body = pattern.strip()
    anchored = "/" in body.rstrip("/")
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", body.strip("/"))
    middle = "".join(words.get(part, re.escape(part)) for part in parts)
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{middle}(?:/.*)?", re.DOTALL)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path fits one of the patterns, read as gitignore reads them (without negation)."""
    return any(_pattern(pattern).fullmatch(path) is not None for pattern in patterns)


def is_record(path: str) -> bool:
    """Whether the file is a note of ours or a key: it names the models that wrote, so no model is shown it."""
    return _RECORD.fullmatch(path) is not None


def holds_secrets(path: str) -> bool:
    """Whether a file is one that credentials are kept in, by its name; examples of such files are not."""
    name = PurePosixPath(path).name.casefold()
    if name.startswith(".env"):
        return name == ".env" or (name.startswith(".env.") and not name.endswith(_EXAMPLES))
    return name in _SECRET_NAMES or name.endswith(_SECRET_ENDS)


def is_test(path: str) -> bool:
    """Whether the file is a test or lies among tests, by the names that test runners look for."""
    place = PurePosixPath(path)
    return bool(_TEST_FOLDERS.intersection(place.parts[:-1])) or _TEST_NAME.match(place.name) is not None


def is_test_file(path: str) -> bool:
    """Whether the file itself is called like a test, which helpers among tests are not."""
    return _TEST_NAME.match(PurePosixPath(path).name) is not None


def test_folder(path: str) -> str:
    """The folder of tests in which a path lies, the outermost one; empty for a test beside the code."""
    folders = PurePosixPath(path).parts[:-1]
    found = next((place for place, part in enumerate(folders) if part in _TEST_FOLDERS), None)
    return "" if found is None else "/".join(folders[: found + 1])


def is_test_config(path: str) -> bool:
    """Whether the file can change what a test run collects, does or reports."""
    place = PurePosixPath(path)
    folders = place.parts[:-1]
    # The metadata of a package names plugins of pytest; cargo's own configuration names the program that runs tests.
    steers = any(part.endswith((".egg-info", ".dist-info")) or part == ".cargo" for part in folders)
    named = place.name in _TEST_CONFIG or _TEST_CONFIG_NAME.match(place.name) is not None
    return named or steers or (bool(place.parts) and place.parts[0].removesuffix(".py") in _RUNNERS)


def is_ci(path: str) -> bool:
    """Whether the file tells the forge's own CI what to run."""
    return matches(path, _CI)


def is_lock(path: str) -> bool:
    """Whether the file fixes which versions are installed."""
    return matches(path, _LOCKS)


def is_code(path: str) -> bool:
    """Whether the file holds source code, by its suffix."""
    return PurePosixPath(path).suffix in _CODE_SUFFIXES


def is_guarded(path: str) -> bool:
    """Whether a coder needs the plan's word to touch the file: tests and their configuration, CI, lock files."""
    return is_test(path) or is_test_config(path) or matches(path, (*_CI, *_LOCKS))


def cleaned(path: str) -> str:
    """A path as a model wrote it, without quotes, `./` and what stands behind a colon."""
    text = path.strip().strip("`'\"").replace("\\", "/")
    text = re.sub(r":\d+(-\d+)?$", "", text)
    return text.removeprefix("./").strip("/")


def named_in(text: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that a text names in full or by an unmistakable end, in the order of their naming."""
    known = tuple(paths)
    whole = frozenset(known)
    by_name: dict[str, list[str]] = {}
    for path in known:
        by_name.setdefault(PurePosixPath(path).name, []).append(path)
    found: dict[str, None] = {}
    for match in _PATH_IN_TEXT.finditer(text):
        word = cleaned(match.group().rstrip("."))
        if word in whole:
            found[word] = None
        elif "." in word:
            ends = [p for p in by_name.get(PurePosixPath(word).name, []) if p == word or p.endswith(f"/{word}")]
            if len(ends) == 1:
                found[ends[0]] = None
    return tuple(found)


def tests_beside(path: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The test files that are named after a source file, by the manners of any language; the nearest first."""
    place = PurePosixPath(path)
    if place.stem in ("__init__", "index", "mod", "main"):
        return ()
    plain = _folded(place.stem)
    named = [other for other in paths if other != path and is_test(other) and _tested_by(other) == plain]
    return tuple(sorted(named, key=lambda other: (-_in_common(path, other), other)))


def _tested_by(test: str) -> str:
    """What a test is named after: `test_x.py`, `x_test.go`, `x.spec.ts`, `XTests.java`, `x_spec.rb` all tell x.

    A file among tests may also be called as what it tests.
    """
    return _folded(_TEST_WORDS.sub("", PurePosixPath(test).stem))


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _in_common(one: str, other: str) -> int:
    return len(set(PurePosixPath(one).parts[:-1]) & set(PurePosixPath(other).parts[:-1]))

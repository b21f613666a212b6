"""How the common test runners are told to run one file or one test, as pure functions of the command for all."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

Command = tuple[str, ...]

_SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One test file, and the names that lead to one test inside it (none: all of the file)."""

    path: str
    names: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder of the file, `.` at the top."""
        return str(PurePosixPath(self.path).parent)

    @property
    def stem(self) -> str:
        """The name of the file without its last suffix."""
        return PurePosixPath(self.path).stem


def runner_at(command: Command, *names: str) -> int | None:
    """Where the runner stands: at the start, or behind what hands on to it (`npx`, `bundle exec`, `python -m`)."""
    words = tuple(word.rsplit("/", 1)[-1] for word in command)
    for place, word in enumerate(words[:4]):
        if word in names:
            return place
        hands_on = ("npx", "yarn", "pnpm", "bunx", "bundle", "exec", "poetry", "uv", "run", "php", "python", "-m")
        if word not in hands_on and not re.fullmatch(r"python\d[\d.]*", word):
            return None
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """What is known of a runner's options: which select tests, and which have their value in the next word.

    With `guesses` a word behind a long option that is not known stays with it unless it looks like a path.
    """

    selects: frozenset[str]
    valued: frozenset[str]
    guesses: bool = False

    def among(self, words: Command) -> Command:
        """The options among the words, with their values, without those that select tests and without paths."""
        kept: list[str] = []
        place = 0
        while place < len(words) and words[place] != "--":
            word, following = words[place], words[place + 1 : place + 2]
            name = word.split("=", 1)[0]
            width = 2 if following and self._takes(word, following[0]) else 1
            if word.startswith("-") and name not in self.selects:
                kept += words[place : place + width]
            place += width
        return tuple(kept)

    def _takes(self, word: str, following: str) -> bool:
        if "=" in word or following.startswith("-") or not word.startswith("-"):
            return False
        guessed = self.guesses and word.startswith("--") and word not in self.selects and _is_value(following)
        return word in self.valued or guessed


def _is_value(word: str) -> bool:
    return "/" not in word and "::" not in word and not word.startswith("test") and "." not in word[1:]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PYTEST = Options(
    _names("""-k -m -n --deselect --ignore --ignore-glob --numprocesses --dist --maxfail --lf --last-failed --ff --sw
        --stepwise --co --collect-only --pyargs --cov --cov-fail-under --cov-report --cov-config"""),
    _names("""-k -m -n -c -p -o -W -r --deselect --ignore --ignore-glob --numprocesses --dist --maxfail --rootdir --tb
        --confcutdir --basetemp --import-mode --ds --dc --override-ini --color --durations --timeout --junitxml
        --junit-xml --cov-fail-under --cov-report --cov-config"""),
    guesses=True,
)
_SCRIPT = Options(
    _names("-t -g --grep --testNamePattern --testPathPattern --filter --coverage --watch --shard"),
    _names("-t -g --grep --testNamePattern --filter -c --config --reporter --require -r --preset"),
)
_GO = Options(
    _names("-run -bench -skip -coverprofile -coverpkg -cover -covermode -count"),
    _names("-run -bench -skip -tags -timeout -coverprofile -coverpkg -mod -p"),
)
_CARGO = Options(
    _names("--test --tests --lib --bins --bin --doc --examples --all-targets --bench --benches"),
    _names("--test --bin --bench -p --package --features --manifest-path -j"),
)
_RUBY_OR_PHP = Options(
    _names("-e --example --filter --tag --group --testsuite"),
    _names("-e --example --filter --tag --group --testsuite -c --configuration --bootstrap -r --require -f"),
)


def _pytest(command: Command, wanted: Wanted) -> Command | None:
    place = runner_at(command, "pytest", "py.test")
    if place is None or not wanted.path.endswith(".py"):
        return None
    rest = _PYTEST.among(command[place + 1 :])
    return (*command[: place + 1], "::".join((wanted.path, *wanted.names)), *rest)


def _unittest(command: Command, wanted: Wanted) -> Command | None:
    place = runner_at(command, "unittest")
    if place is None or command[place - 1] != "-m" or not wanted.path.endswith(".py"):
        return None
    words = command[place + 1 :]
    flags = tuple(word for word in words if word in ("-v", "-q", "-b", "-c", "--verbose", "--quiet", "--buffer"))
    named = ("-k", f"*.{'.'.join(wanted.names)}") if wanted.names else ()
    if words and words[0] != "discover" and not words[0].startswith("-"):
        module = wanted.path.removesuffix(".py").replace("/", ".")
        return (*command[: place + 1], *flags, *named, module)
    start = _value_of(words, "-s", "--start-directory") or "."
    top = _value_of(words, "-t", "--top-level-directory") or start
    if not _is_below(wanted.path, top):
        top = wanted.folder
    file = PurePosixPath(wanted.path).name
    return (*command[: place + 1], "discover", "-s", wanted.folder, "-t", top, "-p", file, *flags, *named)


def _value_of(words: Command, *names: str) -> str:
    for place, word in enumerate(words):
        following = "".join(words[place + 1 : place + 2])
        name, found, value = word.partition("=")
        if name in names:
            return (value if found else following).rstrip("/")
    return ""


def _is_below(path: str, folder: str) -> bool:
    return folder in (".", "") or PurePosixPath(path).is_relative_to(PurePosixPath(folder))


def _javascript(command: Command, wanted: Wanted) -> Command | None:
    """Those of JavaScript that take a path and a pattern for names; `ava` and others that differ are left out."""
    if not wanted.path.endswith(_SCRIPTS):
        return None
    for name, flag in (("jest", "-t"), ("vitest", "-t"), ("mocha", "-g")):
        place = runner_at(command, name)
        if place is not None:
            run = ("run",) if name == "vitest" else ()
            kept = _SCRIPT.among(command[place + 1 :])
            return (*command[: place + 1], *run, wanted.path, *kept, *_by_name(flag, wanted))
    if command[:2] in (("bun", "test"), ("deno", "test")):
        kept = _SCRIPT.among(command[2:])
        return (*command[:2], wanted.path, *kept, *_by_name("-t" if command[0] == "bun" else "--filter", wanted))
    if command[0].rsplit("/", 1)[-1] == "node" and "--test" in command:
        kept = tuple(word for word in command[1:] if word.startswith("-") and "name-pattern" not in word)
        named = (f"--test-name-pattern={re.escape(' '.join(wanted.names))}",) if wanted.names else ()
        return (command[0], *kept, *named, wanted.path)
    return None


def _by_name(flag: str, wanted: Wanted) -> Command:
    return (flag, " ".join(wanted.names)) if wanted.names else ()


def _go(command: Command, wanted: Wanted) -> Command | None:
    """The package of the file, since Go builds packages; one test of it by name."""
    if command[:2] != ("go", "test") or not wanted.path.endswith("_test.go"):
        return None
    package = "." if wanted.folder == "." else f"./{wanted.folder}"
    named = ("-run", "/".join(f"^{re.escape(name)}$" for name in wanted.names)) if wanted.names else ()
    return ("go", "test", *_GO.among(command[2:]), *named, package)


def _cargo(command: Command, wanted: Wanted) -> Command | None:
    """A file of integration tests is a target of its own; tests beside the code are found by their names alone."""
    if command[:2] != ("cargo", "test") or not wanted.path.endswith(".rs"):
        return None
    kept = _CARGO.among(command[2:])
    target = ("--test", wanted.stem) if PurePosixPath(wanted.folder).name == "tests" else ()
    if not target and not wanted.names:
        return None
    return ("cargo", "test", *kept, *target, *(("::".join(wanted.names),) if wanted.names else ()))


def _java(command: Command, wanted: Wanted) -> Command | None:
    if not command or not wanted.path.endswith((".java", ".kt", ".groovy")):
        return None
    program = command[0].rsplit("/", 1)[-1]
    if program in ("mvn", "mvnw") and command[1:] and command[-1] in ("test", "verify"):
        test = f"-Dtest={wanted.stem}{'#' if wanted.names else ''}{'.'.join(wanted.names)}"
        return (*command, test, "-Dsurefire.failIfNoSpecifiedTests=false")
    place = re.search(r"(?:^|/)src/\w+/(?:java|kotlin|groovy)/(.+)\.\w+$", wanted.path)
    if program in ("gradle", "gradlew") and command[-1:] == ("test",) and place:
        return (*command, "--tests", ".".join((place.group(1).replace("/", "."), *wanted.names)))
    return None


def _ruby_and_php(command: Command, wanted: Wanted) -> Command | None:
    for name, suffix, flag in (("rspec", ".rb", "-e"), ("phpunit", ".php", "--filter")):
        place = runner_at(command, name)
        if place is not None and wanted.path.endswith(suffix):
            kept = _RUBY_OR_PHP.among(command[place + 1 :])
            return (*command[: place + 1], *kept, *_by_name(flag, wanted), wanted.path)
    return None


def _dotnet(command: Command, wanted: Wanted) -> Command | None:
    if command[:2] != ("dotnet", "test") or not wanted.path.endswith((".cs", ".fs", ".vb")) or "--" in command:
        return None
    if "--filter" in command:
        return None
    return (*command, "--filter", f"FullyQualifiedName~{'.'.join((wanted.stem, *wanted.names))}")


def _by_script(command: Command, wanted: Wanted, script: str) -> Command | None:
    """`npm test` hands on what stands behind `--`, which narrows those runners that read a path as a filter."""
    if command[:2] not in (("npm", "test"), ("pnpm", "test"), ("yarn", "test")) or not wanted.path.endswith(_SCRIPTS):
        return None
    flags = {"jest": "-t", "vitest": "-t"}
    words = script.split()
    named = next((flags[name] for name in flags if words and words[-1] in (name, "run") and name in words), "")
    plain = not any(mark in script for mark in "&|;<>$`")
    if not named or not plain:
        return None
    hand_on = () if "--" in command or command[0] == "yarn" else ("--",)
    return (*command, *hand_on, wanted.path, *_by_name(named, wanted))


RUNNERS: tuple[Callable[[Command, Wanted], Command | None], ...] = (
    _pytest,
    _unittest,
    _javascript,
    _go,
    _cargo,
    _java,
    _ruby_and_php,
    _dotnet,
)


def narrowed(command: Command, wanted: Wanted, script: str) -> Command | None:
    """The command for what is wanted alone; None when nothing sound is known for it."""
    found = (runner(command, wanted) for runner in RUNNERS if command)
    return next((one for one in found if one is not None), None) or _by_script(command, wanted, script)

"""GitHub as a small world for tests: a real HTTP server with state, that refuses what GitHub refuses."""

from tests.worlds.github.hooks import Attempt
from tests.worlds.github.repository import RepositoryWorld
from tests.worlds.github.schemas import octokit_examples
from tests.worlds.github.state import App, Call, Effect, Installation, Issue, Person
from tests.worlds.github.world import GitHubWorld

__all__ = [
    "App",
    "Attempt",
    "Call",
    "Effect",
    "GitHubWorld",
    "Installation",
    "Issue",
    "Person",
    "RepositoryWorld",
    "octokit_examples",
]

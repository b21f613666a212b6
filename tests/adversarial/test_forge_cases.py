"""What the code for a forge cannot do at all, and what it does not listen to: W4, F5 and F7 of the security list."""

import re
from pathlib import Path

import pytest
from tests.unit.forges.payloads import delivered

from pointsman.domain.events import Ignored
from pointsman.forges.github.setup import PERMISSIONS
from pointsman.forges.github.tokens import PERMISSIONS as OF_TOKENS
from pointsman.forges.github.webhook import SUBSCRIBED

SOURCE = Path(__file__).parents[2] / "src" / "pointsman"
POWERS = re.compile(
    r"APPROVE\b|REQUEST_CHANGES|/merges?\b|/auto-merge|mergePullRequest|enablePullRequestAutoMerge"
    r"|markPullRequestReadyForReview|/dismissals|/collaborators/[^\"]*\"\s*,\s*\"PUT|deleteRef|/protection\b"
)


def test_f5_no_code_path_approves_merges_marks_ready_or_asks_for_more_rights() -> None:
    sources = sorted((SOURCE / "forges").rglob("*.py")) + sorted((SOURCE / "runs").rglob("*.py"))
    assert len(sources) > 30
    found = [
        (path.name, hit.group()) for path in sources for hit in POWERS.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_f5_the_app_and_its_tokens_hold_no_right_to_workflows_administration_or_members() -> None:
    granted = {name for rights in (PERMISSIONS, *OF_TOKENS.values()) for name in rights}
    assert granted == {"checks", "contents", "issues", "metadata", "pull_requests"}
    for rights in OF_TOKENS.values():
        assert all(PERMISSIONS[name] in (level, "write") for name, level in rights.items())


@pytest.mark.parametrize("event", ["repository_advisory", "security_advisory", "secret_scanning_alert", "gollum"])
def test_f7_what_is_confidential_at_github_is_never_asked_for_nor_heard(event: str) -> None:
    """Confidential issues are GitLab's; at GitHub advisories and alerts are the closed texts."""
    assert event not in SUBSCRIBED
    assert delivered(event, b'{"action":"published"}') == Ignored(f"nobody wants {event}")

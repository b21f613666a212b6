"""How much harm a wrong change could do, by rules over what is known of it; it only rises."""

from pointsman.domain.levels import Risk, TaskClass
from pointsman.policy.globs import first_match

_BY_TASK = {
    TaskClass.DOCS: Risk.LOW,
    TaskClass.TESTS: Risk.LOW,
    TaskClass.BOILERPLATE: Risk.LOW,
    TaskClass.QUESTION: Risk.LOW,
    TaskClass.BUGFIX: Risk.LOW,
    TaskClass.SECURITY: Risk.HIGH,
}
RISK_LABELS = {
    "security": Risk.HIGH,
    "vulnerability": Risk.HIGH,
    "risk:high": Risk.HIGH,
    "pointsman:risk-high": Risk.HIGH,
    "breaking": Risk.HIGH,
    "breaking-change": Risk.HIGH,
    "risk:medium": Risk.MEDIUM,
    "pointsman:risk-medium": Risk.MEDIUM,
    "migration": Risk.MEDIUM,
}
# Where a small mistake does large harm: who may enter, secrets, money, stored data, what is shipped.
_GRAVE_PATHS = (
    "auth/",
    "authn/",
    "authz/",
    "crypto/",
    "security/",
    "permissions/",
    "payment/",
    "payments/",
    "billing/",
    "auth.*",
    "auth_*",
    "*_auth.*",
    "login*",
    "*crypt*",
    "*secret*",
    "*password*",
)
_WEIGHTY_PATHS = (
    "migrations/",
    "*.sql",
    "Dockerfile*",
    "docker-compose*",
    "deploy/",
    "infra/",
    "terraform/",
    "*.tf",
    "pyproject.toml",
    "setup.py",
    "package.json",
    "go.mod",
    "Cargo.toml",
    "requirements*.txt",
)
MANY_PATHS, LONG_TEXT = 10, 20_000


def risk_of(
    task: TaskClass, paths: tuple[str, ...], labels: tuple[str, ...], size: int, *, floor: Risk = Risk.LOW
) -> Risk:
    """The highest of what class, paths, labels and size say, and never below `floor`, the risk found before.

    `size` is in characters: of the issue at triage, of the diff once there is one. A class that is not named here
    (feature, refactor, visual, unknown) is medium.
    """
    found = [floor, _BY_TASK.get(task, Risk.MEDIUM), *(risk_of_path(path) for path in paths)]
    words = [label.strip().casefold() for label in labels]
    found += [RISK_LABELS[word] for word in words if word in RISK_LABELS]
    if len(paths) > MANY_PATHS or size > LONG_TEXT:
        found.append(Risk.MEDIUM)
    return max(found, key=lambda risk: risk.rank)


def risk_of_path(path: str) -> Risk:
    """What a path alone says."""
    if first_match(_GRAVE_PATHS, path, fold=True):
        return Risk.HIGH
    return Risk.MEDIUM if first_match(_WEIGHTY_PATHS, path) else Risk.LOW

"""How long words are kept goes by how closed a run is, and never grows with that."""

import pytest
from tests.unit.policy.policy_world import POLICY, admitted, policy, request

from pointsman.domain.levels import Sensitivity
from pointsman.policy.retention import KEEP_DAYS, keep_days_of

ROUTES = "plan: qwen-m\ncode: qwen-m\nqa: llama-s\n"
LEVELS = POLICY.index("sensitivities:"), POLICY.index("repositories:")


def days(*levels: str) -> list[int]:
    """What four levels keep under a policy that declares these."""
    declared = "\n".join(f"  {level}" for level in levels)
    found = policy(f"{POLICY[: LEVELS[0]]}sensitivities:\n{declared}\n{POLICY[LEVELS[1] :]}")
    return [keep_days_of(level, found) for level in Sensitivity]


@pytest.mark.parametrize(
    ("levels", "kept"),
    [
        (
            ("public: {perimeters: [local]}", "internal: {perimeters: [local]}", "secret: {perimeters: [local]}"),
            [90, 30, 0, 0],
        ),
        (("restricted: {perimeters: [local]}",), [7, 7, 7, 0]),
        (("internal: {perimeters: [local], keep_prompts_days: 0}", "secret: {perimeters: [local]}"), [0, 0, 0, 0]),
        (
            (
                "public: {perimeters: [local], keep_prompts_days: 3}",
                "internal: {perimeters: [local]}",
                "secret: {perimeters: [local], keep_prompts_days: 10}",
            ),
            [3, 3, 3, 3],
        ),
        (("secret: {perimeters: [local], keep_prompts_days: 1}",), [1, 1, 1, 1]),
    ],
)
def test_a_level_keeps_what_it_says_else_the_usual_and_never_longer_than_a_more_open_one(
    levels: tuple[str, ...], kept: list[int]
) -> None:
    assert days(*levels) == kept
    assert kept == sorted(kept, reverse=True)


def test_the_days_stand_in_the_order_of_a_run() -> None:
    spec = admitted(ROUTES)
    assert (spec.sensitivity, spec.keep_days) == (Sensitivity.INTERNAL, KEEP_DAYS[Sensitivity.INTERNAL])
    assert admitted(ROUTES, request("acme/vault")).keep_days == 0

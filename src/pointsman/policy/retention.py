"""How long the prompts and answers of a run are kept, by how closed it is."""

from collections.abc import Mapping

from pointsman.config.policy_file import PolicyFile
from pointsman.domain.levels import Sensitivity

KEEP_DAYS: Mapping[Sensitivity, int] = {
    Sensitivity.PUBLIC: 90,
    Sensitivity.INTERNAL: 30,
    Sensitivity.RESTRICTED: 7,
    Sensitivity.SECRET: 0,
}
"""Where the policy does not say."""


def keep_days_of(level: Sensitivity, policy: PolicyFile) -> int:
    """Days; 0 keeps nothing. A level never keeps longer than the policy says of a more open one."""
    declared = [known for known in policy.sensitivities if known.rank >= level.rank]
    if not declared:
        return 0
    held_by = min(declared, key=lambda known: known.rank)
    own = policy.sensitivities[held_by].keep_prompts_days
    more_open = (
        rule.keep_prompts_days
        for known, rule in policy.sensitivities.items()
        if known.rank < held_by.rank and rule.keep_prompts_days is not None
    )
    return min((KEEP_DAYS[held_by] if own is None else own, *more_open))

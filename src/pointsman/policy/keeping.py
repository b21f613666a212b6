"""Where the note of a run is kept: what the routing file asks for, as far as the policy lets it."""

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import RoutingFile
from pointsman.domain.levels import AuditMode
from pointsman.domain.run import Refuse
from pointsman.policy.rules import Rule


def audit_mode(routing: RoutingFile, policy: PolicyFile) -> AuditMode:
    """The mode that the routing file names, else the first that the policy lists."""
    return routing.audit or policy.audit.modes[0]


def forbidden_mode(routing: RoutingFile, policy: PolicyFile) -> str:
    """What is wrong with the mode that the routing file names, in a few words; empty when the policy allows it."""
    if audit_mode(routing, policy) in policy.audit.modes:
        return ""
    return f"the policy does not let notes be kept {routing.audit}, only {', '.join(policy.audit.modes)}"


def refused_mode(routing: RoutingFile, policy: PolicyFile) -> Refuse | None:
    """The refusal of a run whose note could not be kept where the policy wants it."""
    wrong = forbidden_mode(routing, policy)
    return Refuse(Rule.AUDIT, wrong, Rule.AUDIT.mend) if wrong else None

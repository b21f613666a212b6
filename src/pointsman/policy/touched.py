"""What the paths that work touches mean for it: more closed, protected, or for a person to approve."""

from pointsman.domain.levels import Risk, Sensitivity, TaskClass, highest
from pointsman.domain.outcome import Plan
from pointsman.domain.run import Need, Refuse, RunSpec
from pointsman.policy.globs import matches
from pointsman.policy.risk import risk_of, risk_of_path
from pointsman.policy.rules import Rule, refuse
from pointsman.policy.sorting import PATH_CLASSES, kind_of


def sensitivity_at(spec: RunSpec, path: str) -> Sensitivity:
    """How closed a path is: the highest of its rules and of the run's own level."""
    rules = (rule.sensitivity for rule in spec.paths if matches(rule.pattern, path, fold=True))
    return highest(spec.sensitivity, *rules)


def weigh(spec: RunSpec, paths: tuple[str, ...]) -> Refuse | None:
    """A refusal when a touched path is more closed than the routes were made for.

    Asked once the plan names its paths, and again of the diff before a byte of it goes to a reviewer.
    """
    closed = [path for path in paths if sensitivity_at(spec, path).rank > spec.sensitivity.rank]
    if not closed:
        return None
    level = highest(spec.sensitivity, *(sensitivity_at(spec, path) for path in closed))
    reason = f"{_few(closed)}: {level}, but the models of this run were chosen for {spec.sensitivity}"
    mend = Rule.PATH_SENSITIVITY.mend.replace("LEVEL", str(level))
    return refuse(Rule.PATH_SENSITIVITY, reason, mend)


def reserved(spec: RunSpec, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that no model may edit, since they decide how others work: people look at them themselves."""
    return tuple(path for path in paths if any(matches(pattern, path, fold=True) for pattern in spec.protected))


def approval_wanted(spec: RunSpec, plan: Plan) -> str:
    """Why a person must approve this plan before it is carried out; empty when nobody must."""
    if spec.order.plan is Need.APPROVE:
        return f"plans for {spec.task} at level {spec.sensitivity} are approved by a person"
    paths = written(plan)
    for path in paths:
        if pattern := approved_by_a_person(spec, path):
            return f"it touches {path}, and plans for {pattern} are approved by a person"
    return "its risk is high" if risk_with(spec, paths) is Risk.HIGH else ""


def risk_with(spec: RunSpec, paths: tuple[str, ...], size: int = 0) -> Risk:
    """The risk of a run that touches these paths, with `size` characters of diff; never below what it was."""
    size = max(size, len(spec.issue.title) + len(spec.issue.body))
    return risk_of(spec.task, paths, spec.issue.labels, size, floor=spec.risk)


def unapproved(spec: RunSpec, plan: Plan | None, paths: tuple[str, ...]) -> Refuse | None:
    """A refusal when a path was written whose plan a person must approve, and no plan that was approved names it.

    Asked of what was really touched: a coder may write where the plan did not say. A path that makes the risk of the
    run high wants a person as well, unless one approved this plan or asked for a fix of this very path.
    """
    strayed = tuple(path for path in paths if path not in (written(plan) if plan is not None else ()))
    found = next((path for path in strayed if approved_by_a_person(spec, path)), None)
    if found is not None:
        pattern = approved_by_a_person(spec, found)
        reason = f"{found}: plans for {pattern} are approved by a person, and the plan of this run does not name it"
        return refuse(Rule.PATH_APPROVAL, reason, Rule.PATH_APPROVAL.mend)
    was_approved = spec.goal == "build" and plan is not None and approval_wanted(spec, plan) != ""
    grave = next((path for path in strayed if risk_of_path(path) is Risk.HIGH), None)
    if grave is None or was_approved:
        return None
    reason = f"{grave} makes the risk high, and the plan of this run, which no person approved, does not name it"
    return refuse(Rule.RISK_APPROVAL, reason, Rule.RISK_APPROVAL.mend)


def owed(spec: RunSpec, paths: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether passed tests and a review are asked of a change that touches these paths.

    A class that is a kind of path (docs, tests, visual) may ask for less only as long as nothing else is touched.
    """
    orders = [spec.order]
    if spec.task in PATH_CLASSES and any(kind_of(path) is not spec.task for path in paths):
        orders.append(spec.orders.get(TaskClass.UNKNOWN, spec.order))
    return any(order.evidence_required for order in orders), any(order.review_required for order in orders)


def written(plan: Plan) -> tuple[str, ...]:
    """Every path that a plan lets be written; tests are written like all others."""
    return (*plan.change, *plan.create, *plan.tests)


def approved_by_a_person(spec: RunSpec, path: str) -> str:
    """The pattern by which plans that touch this path are approved by a person; empty for none."""
    rules = (rule for rule in spec.paths if rule.approve_plan and matches(rule.pattern, path, fold=True))
    return next((rule.pattern for rule in rules), "")


def _few(paths: list[str]) -> str:
    rest = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + rest

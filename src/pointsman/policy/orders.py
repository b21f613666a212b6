"""The routes of all phases for one class of task, chosen together so that nobody reviews their own family."""

from collections.abc import Mapping
from dataclasses import replace

from pointsman.config.policy_parts import TaskDefaults
from pointsman.config.routing_file import QaWish, RouteWish, TaskWish
from pointsman.domain.levels import MODEL_PHASES, Lane, Phase, TaskClass, highest
from pointsman.domain.models import Model
from pointsman.domain.pictures import PreviewOrder
from pointsman.domain.run import Need, Refuse, Route, TaskOrder
from pointsman.policy.routes import Barred, Setting, route, wish_of
from pointsman.policy.separation import nearest_author


def order_for(task: TaskClass, setting: Setting) -> TaskOrder:
    """The routes, and what is asked for besides; a routing file can ask for more than the policy, never for less."""
    code, review = _code_and_review(task, setting)
    rule, level = setting.policy.task(task), setting.policy.rule_for(setting.sensitivity)
    qa = setting.routing.tasks[task].qa if task in setting.routing.tasks else None
    asked = (qa or setting.routing.routes.qa).evidence
    wishes = (rule.evidence, asked, level.evidence if level else "required")
    return TaskOrder(
        task=task,
        routes={
            Phase.TRIAGE: route(Phase.TRIAGE, task, setting),
            Phase.PLAN: route(Phase.PLAN, task, setting),
            Phase.CODE: code,
            Phase.REVIEW: review,
        },
        plan=_plan_need(task, setting),
        evidence_required="required" in wishes,
        review_required=rule.review == "required",
        lane=_lane(task, setting),
        rounds=_rounds(task, setting),
        preview=_preview(task, setting),
    )


def _code_and_review(task: TaskClass, setting: Setting) -> tuple[Route | Refuse, Route | Refuse]:
    """Code and review, far enough from each other.

    The reviewer that is named stands, unless the first coder is too near: then the review is refused. Fallbacks and
    escalations of code that are too near to the named reviewer are dropped, and reviewers too near to what is left.
    This goes by what is named, before anything is dropped for other reasons, so that raising the sensitivity can
    never bring a model back in.
    """
    coder, reviewer = wish_of(Phase.CODE, task, setting.routing), wish_of(Phase.REVIEW, task, setting.routing)
    assert coder is not None
    assert reviewer is not None
    named_reviewer = _known((reviewer.model,), setting)
    first = () if coder.model else named_reviewer
    code = route(Phase.CODE, task, setting, barred=Barred(first, named_reviewer))
    writers = _possible_authors(coder, code, named_reviewer, setting) if setting.builds else ()
    authors = (*setting.authors, *writers)
    review = route(Phase.REVIEW, task, setting, barred=Barred(authors, authors))
    if setting.builds and isinstance(code, Route) and isinstance(review, Route):
        assert nearest_author(review.primary, code.models, setting.policy.separation) is None
    return code, review


def _possible_authors(
    wish: RouteWish, code: Route | Refuse, reviewer: tuple[Model, ...], setting: Setting
) -> tuple[Model, ...]:
    """The coder that is named, and those after it that are not too near to the reviewer; and all that were chosen."""
    separation = setting.policy.separation
    first = _known((wish.model,), setting)
    rest = _known(tuple(name for name in wish.names if name != wish.model), setting)
    kept = tuple(model for model in rest if nearest_author(model, reviewer, separation) is None)
    chosen = code.models if isinstance(code, Route) else ()
    return tuple({model.name: model for model in (*first, *kept, *chosen)}.values())


def _known(names: tuple[str | None, ...], setting: Setting) -> tuple[Model, ...]:
    models = setting.catalogue.models
    return tuple(models[name] for name in names if name is not None and name in models)


def _lane(task: TaskClass, setting: Setting) -> Lane:
    """The policy's lane, or a more patient one that a route of the class asks for; a faster one is never given."""
    skipped = (Phase.PLAN,) if _plan_need(task, setting) is Need.SKIP else ()
    wishes = (wish_of(phase, task, setting.routing) for phase in MODEL_PHASES if phase not in skipped)
    asked = [wish.latency for wish in wishes if wish is not None and wish.latency is not None]
    return highest(setting.policy.task(task).latency, *asked)


def _rounds(task: TaskClass, setting: Setting) -> int:
    """How often review and code may go round: what the class's reviewer's route says, within the policy's bound."""
    bound, wish = setting.policy.review.rounds, wish_of(Phase.REVIEW, task, setting.routing)
    asked = wish.rounds if isinstance(wish, QaWish) else None
    return min(asked or bound, bound)


def _preview(task: TaskClass, setting: Setting) -> PreviewOrder | None:
    """How pages are looked at, where the class's own part of the routing file says so."""
    own = setting.routing.tasks.get(task)
    return own.preview.order() if own and own.preview else None


def _plan_need(task: TaskClass, setting: Setting) -> Need:
    own, rule = setting.routing.tasks.get(task), setting.policy.task(task)
    level = setting.policy.rule_for(setting.sensitivity)
    if rule.plan == "approve" or (own and own.approval == "plan") or (level and level.approve_plan):
        return Need.APPROVE
    if own and own.skips_plan and rule.plan == "optional":
        return Need.SKIP
    return Need.DO


def orders_for_all(setting: Setting) -> Mapping[TaskClass, TaskOrder]:
    """An order for every class that triage may find; classes that nothing tells apart share their routes."""
    shared: dict[tuple[TaskDefaults, TaskWish | None], TaskOrder] = {}
    orders: dict[TaskClass, TaskOrder] = {}
    for task in TaskClass:
        alike = (setting.policy.task(task), setting.routing.tasks.get(task))
        if alike not in shared:
            shared[alike] = order_for(task, setting)
        orders[task] = replace(shared[alike], task=task)
    return orders

"""What an edit of the routing file or the policy would move, told before it is merged."""

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policy.policy_world import POLICY, book, price_of
from tests.unit.policy.test_routing_laws import Case, cases

from pointsman.domain.levels import MODEL_PHASES, Phase, Sensitivity, TaskClass
from pointsman.domain.models import Price, ProviderKind
from pointsman.domain.moves import Kind, Move
from pointsman.domain.run import Need, Refuse, Route, TaskOrder
from pointsman.policy.admission import setting_of
from pointsman.policy.moves import crossing, moves, reach
from pointsman.policy.orders import orders_for_all

RIGHT = "plan: opus\ncode: qwen-m\nqa: sol\n"
ALL = tuple(TaskClass)


def moved(old: str, new: str, *, then: str = POLICY, now: str = POLICY, repository: str = "") -> tuple[Move, ...]:
    return moves(book(old, law=then), book(new, law=now), repository=repository)


def of(found: tuple[Move, ...], kind: Kind, phase: Phase | None = None) -> list[Move]:
    return [move for move in found if move.kind is kind and phase in (None, move.phase)]


def test_nothing_moves_when_nothing_changed_but_words() -> None:
    assert moved(RIGHT, f"# a remark\nroutes: {{{RIGHT.strip().replace(chr(10), ', ')}}}\n") == ()


def test_text_that_stayed_local_and_would_go_out_is_told_first() -> None:
    found = moved(RIGHT, RIGHT.replace("qwen-m", "haiku"))
    first = found[0]
    assert (first.kind, first.phase, first.before, first.after) == (Kind.CROSSING, Phase.CODE, "local", "public")
    assert first.about == "haiku"
    assert set(ALL) - set(first.tasks) == {TaskClass.SECURITY}
    assert first.levels == (Sensitivity.INTERNAL,)
    (model,) = of(found, Kind.MODEL, Phase.CODE)
    assert (model.before, model.after) == ("qwen-m", "haiku")
    assert {level for move in of(found, Kind.REFUSED, Phase.CODE) for level in move.levels} == {
        Sensitivity.INTERNAL,
        Sensitivity.RESTRICTED,
        Sensitivity.SECRET,
    }


def test_an_escalation_that_goes_out_is_a_crossing_though_the_first_model_stays() -> None:
    (cross,) = of(moved(RIGHT, RIGHT.replace("qwen-m", "{model: qwen-m, escalate: [haiku]}")), Kind.CROSSING)
    assert (cross.phase, cross.before, cross.after, cross.about) == (Phase.CODE, "local", "public", "haiku")


def test_classes_that_move_alike_are_told_together() -> None:
    found = moved(RIGHT, RIGHT + "tasks: {docs: {code: oss}, tests: {code: oss}}\n")
    (model,) = of(found, Kind.MODEL)
    assert (model.before, model.after, model.tasks) == ("qwen-m", "oss", (TaskClass.DOCS, TaskClass.TESTS))
    assert model.levels == (Sensitivity.INTERNAL, Sensitivity.RESTRICTED, Sensitivity.SECRET)


def test_what_is_asked_for_no_longer_is_told_before_what_moves() -> None:
    strict = RIGHT + 'tasks: {docs: {approval: plan}}\nprotected: ["vault/"]\n'
    strict += "paths: [{match: 'src/**', sensitivity: secret, approval: plan}]\n"
    found = moved(strict.replace("qa: sol", "qa: {model: sol, evidence: required}"), RIGHT)
    kinds = [move.kind for move in found]
    assert kinds == sorted(kinds, key=list(Kind).index)
    approvals = [(move.place, move.tasks) for move in of(found, Kind.APPROVAL_LOST)]
    assert ("", (TaskClass.DOCS,)) in approvals
    assert ("src/**", ()) in approvals
    assert of(found, Kind.EVIDENCE_LOST)[0].tasks == ALL
    assert [move.place for move in of(found, Kind.PROTECTION_LOST)] == ["vault/"]
    lowered = [(move.place, move.before, move.after) for move in of(found, Kind.LEVEL_LOWERED)]
    assert ("src/**", "secret", "internal") in lowered
    assert {move.place for move in of(found, Kind.CROSSING)} == {"src/**"}, (
        "what stayed local would now be planned outside"
    )


def test_a_path_that_lies_below_another_rule_is_as_closed_as_that_rule_says() -> None:
    both = RIGHT + "paths: [{match: src/, sensitivity: secret}, {match: src/a/, sensitivity: restricted}]\n"
    one = RIGHT + "paths: [{match: src/, sensitivity: secret}]\n"
    assert moved(both, one) == ()


def test_limits_are_told_by_their_key() -> None:
    (limit,) = of(moved(RIGHT, RIGHT.replace("qwen-m", "{model: qwen-m, budget_usd: 0.5}")), Kind.LIMIT)
    assert (limit.phase, limit.about, limit.before, limit.after) == (Phase.CODE, "budget_usd", "2", "0.5")


def test_a_policy_that_opens_repositories_is_told_with_what_would_leave_them() -> None:
    opened = POLICY.replace('"acme/vault*", sensitivity: secret', '"acme/vault*", sensitivity: internal')
    found = moved(RIGHT, RIGHT, now=opened)
    (lowered,) = of(found, Kind.LEVEL_LOWERED)
    assert (lowered.place, lowered.before, lowered.after) == ("acme/vault*", "secret", "internal")
    assert {(move.place, move.phase) for move in of(found, Kind.CROSSING)} == {
        ("acme/vault*", phase) for phase in (Phase.TRIAGE, Phase.PLAN, Phase.REVIEW)
    }
    assert moved(RIGHT, RIGHT, now=opened, repository="acme/shop") == ()


def test_a_name_that_stands_for_another_model_is_a_move() -> None:
    found = moved(RIGHT, RIGHT, now=POLICY.replace("id: q2,", "id: q3,"))
    (model,) = of(found, Kind.MODEL)
    assert (model.before, model.after) == ("qwen-m (q2 at box)", "qwen-m (q3 at box)")


def test_for_one_repository_only_the_levels_count_that_it_can_have() -> None:
    found = moved(RIGHT, RIGHT.replace("qwen-m", "oss"), repository="acme/vault1")
    assert {level for move in found for level in move.levels} == {Sensitivity.SECRET}


@given(cases())
def test_law_no_file_moves_anything_against_itself(case: Case) -> None:
    assert moves(case.book(), case.book()) == ()


def _cells(case: Case, level: Sensitivity) -> dict[tuple[TaskClass, Phase], Route | Refuse | None]:
    orders = orders_for_all(setting_of(case.book(), level))
    return {(task, phase): _used(orders[task], phase) for task, phase in product(TaskClass, MODEL_PHASES)}


def _used(order: TaskOrder, phase: Phase) -> Route | Refuse | None:
    return None if phase is Phase.PLAN and order.plan is Need.SKIP else order.routes[phase]


def _told(found: tuple[Move, ...], *kinds: Kind) -> set[tuple[TaskClass, Phase, Sensitivity]]:
    return {
        (task, move.phase, level)
        for move in found
        if move.kind in kinds and move.phase is not None and not move.place
        for task in move.tasks
        for level in move.levels
    }


@given(cases(), cases())
def test_law_every_phase_that_goes_elsewhere_is_told_and_no_other(old: Case, new: Case) -> None:
    found = moves(old.book(), new.book())
    told = _told(found, Kind.MODEL, Kind.REFUSED, Kind.SERVED)
    for level in {*old.policy.sensitivities, *new.policy.sensitivities}:
        then, now = _cells(old, level), _cells(new, level)
        for key in then:
            assert ((*key, level) in told) == (_who(then[key]) != _who(now[key])), (key, level)


def _who(cell: Route | Refuse | None) -> tuple[str, ...]:
    if isinstance(cell, Route):
        return cell.primary.name, cell.primary.id, cell.primary.provider.name
    return ("nobody",) if cell is not None else ()


@given(cases(), cases())
def test_law_a_crossing_is_told_exactly_where_text_may_go_further_out(old: Case, new: Case) -> None:
    told = _told(moves(old.book(), new.book()), Kind.CROSSING)
    for level in {*old.policy.sensitivities, *new.policy.sensitivities}:
        then, now = _cells(old, level), _cells(new, level)
        for key in then:
            assert ((*key, level) in told) == _grew(then[key], now[key]), (key, level)


def _grew(old: Route | Refuse | None, new: Route | Refuse | None) -> bool:
    if not isinstance(new, Route):
        return False
    before = [place.rank for place in reach(old)] if isinstance(old, Route) else [0, 0]
    after = [place.rank for place in reach(new)]
    return after[0] > before[0] or after[1] > before[1]


@given(cases(), st.sampled_from([Sensitivity.INTERNAL, Sensitivity.SECRET]))
def test_law_the_model_that_a_crossing_names_is_asked_and_runs_there(case: Case, level: Sensitivity) -> None:
    for cell in _cells(case, level).values():
        if isinstance(cell, Route) and (found := crossing(None, cell)) is not None:
            _, outside, model = found
            assert model in (cell.primary, *cell.fallback, *cell.escalate)
            assert model.provider.perimeter is outside


def test_a_hundred_paths_are_weighed_by_decisions_that_are_made_once() -> None:
    """Whoever opens a change writes the new file; what it costs to weigh may not grow by a decision for each path."""

    def decisions(count: int) -> int:
        asked = list[str]()

        def counting(kind: ProviderKind, provider: str, model_id: str) -> Price | None:
            asked.append(model_id)
            return price_of(kind, provider, model_id)

        rules = "".join(f'  - {{match: "*{"?" * 80}{number}", sensitivity: secret}}\n' for number in range(count))
        then, now = (replace(book(text), price_of=counting) for text in (RIGHT, f"{RIGHT}paths:\n{rules}"))
        raised = {move.place for move in moves(then, now) if move.kind is Kind.LEVEL_RAISED}
        assert len(raised) == count
        return len(asked)

    assert decisions(100) == decisions(1)

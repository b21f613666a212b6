"""When the money of a day is used up: which cap, in what words, and what goes on all the same."""

from dataclasses import replace

import pytest
from tests.unit.policy.policy_world import POLICY, PRICES, admitted, book, request

from pointsman.domain.ledger import Spent
from pointsman.domain.models import Price
from pointsman.domain.run import Refuse
from pointsman.policy.admission import decide
from pointsman.policy.catalogue import catalogue_of
from pointsman.policy.spending import Purse, nothing_left, tightened

DAY = "2026-11-21"
PAID = "plan: opus\ncode: qwen-s\nqa: sol\n"
FREE = "plan: qwen-m\ncode: qwen-s\nqa: llama-s\n"
# One call of opus: 20,000 tokens of question for $5 a million, 4,096 of answer for $25.
CALL = 0.2024
PERSONAL = POLICY.replace("installation_day_usd: 50", "installation_day_usd: 50, requester_day_usd: 3")


def asked(routing: str, *, repository: float = 0, requester: float = 0, installation: float = 0) -> Refuse | None:
    """What is said to somebody who asks for a build after so much was spent; None when it begins."""
    spent = Spent(DAY, repository, requester, installation)
    found = decide(replace(request(), spent=spent), book(routing, law=PERSONAL))
    return found if isinstance(found, Refuse) else None


@pytest.mark.parametrize(
    ("cap", "allowed"), [("repository", 10.0), ("requester", 3.0), ("installation", 50.0)], ids=lambda one: str(one)
)
def test_a_cap_that_holds_one_more_call_lets_it_begin_and_one_that_does_not_refuses(cap: str, allowed: float) -> None:
    assert asked(PAID, **{cap: allowed - CALL - 0.001}) is None
    no = asked(PAID, **{cap: allowed - CALL + 0.001})
    assert no is not None
    assert no.rule == "cap"
    assert no.once.startswith(f"cap-{cap}") and no.once.endswith(DAY)


def test_the_words_say_which_cap_how_much_is_spent_when_it_ends_and_who_can_raise_it() -> None:
    no = asked(PAID, repository=9.97)
    assert no is not None
    assert no.reason == (
        "the budget of this repository for today is used up: $9.97 of $10.00 are spent, and one call may cost $0.2024"
    )
    assert no.mend == (
        "a new day begins at 00:00 UTC on 2026-11-22, and then it goes on; to go on today, "
        "raise `budget.day_usd` in the routing file, or have the operator raise `caps.repository_day_usd`"
    )
    spent = asked(PAID, installation=50.0)
    assert spent is not None
    assert spent.reason == "the budget of the whole installation for today is used up: $50.00 of $50.00 are spent"


def test_the_cap_of_a_requester_names_the_person_and_is_told_once_to_each() -> None:
    no = asked(PAID, requester=3)
    assert no is not None
    assert "what ann asks for" in no.reason
    assert no.once == f"cap-requester-7-{DAY}"


def test_a_routing_file_lowers_the_day_of_its_repository() -> None:
    assert asked(PAID + "budget: {day_usd: 1}\n", repository=0.9) is not None
    assert asked(PAID, repository=0.9) is None


def test_what_costs_nothing_goes_on_when_everything_is_spent() -> None:
    assert asked(FREE, repository=10, requester=3, installation=50) is None


def test_a_look_that_costs_nothing_is_not_refused() -> None:
    assert admitted(PAID).caps.requester_day_usd is None


def test_nothing_need_be_fetched_where_every_model_costs_and_nothing_is_left() -> None:
    law = book(PAID, law=PERSONAL)
    models = catalogue_of(law.policy, law.price_of).models.values()
    dear = [replace(model, price=Price(1, 1)) for model in models]
    gone = Purse(Spent(DAY, 0, 0, 50), law.policy.caps, request().repository, request().actor)
    assert nothing_left(gone, models) is None
    assert isinstance(nothing_left(gone, dear), Refuse)
    assert nothing_left(replace(gone, spent=Spent(DAY, 9.9, 2.9, 49.9)), dear) is None
    assert PRICES


def test_caps_of_an_order_are_tightened_and_never_widened() -> None:
    caps = admitted(PAID + "budget: {run_usd: 1, day_usd: 20}\n").caps
    law = book(PAID, law=PERSONAL.replace("run_usd: 2,", "run_usd: 9,"))
    now = tightened(caps, law.policy.caps)
    assert (now.run_usd, now.repository_day_usd, now.requester_day_usd) == (1, 10, 3)

"""What is spent today counts for who asks now; a cap that is used up is told to people once on each topic."""

from pointsman.domain.ledger import Spent
from pointsman.domain.run import Refuse, account_of
from pointsman.runs.hearing.capped import tell_operator
from pointsman.runs.hearing.case import Case


async def spent_now(case: Case) -> Spent:
    """What is paid today that counts for whoever asks here; for use inside a step."""
    who = account_of(case.repository, case.actor)
    return await case.parts.ledger.spent(case.repository.id, who, case.parts.clock.now())


async def refuse_capped(case: Case, no: Refuse, *, is_asked: bool) -> str:
    """Say no to a person, once on each topic and day; what nobody asked for in words is refused in silence."""

    async def tell() -> None:
        async with case.parts.telling:
            await tell_operator(case.parts.memory, no, case.repository.name)

    await case.do("cap", tell)
    return await case.refuse(no, key=no.once) if is_asked else f"refused: {no.rule}"

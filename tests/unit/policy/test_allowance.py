"""What a run may use: each call is held against it at its worst, so that no limit is ever passed."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.domain.run import UNLIMITED, Allowance
from pointsman.policy.allowance import Used, left_seconds, met_by

LIMIT = st.none() | st.integers(0, 200)
CALLS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.floats(0, 1), st.floats(0, 9)), max_size=30)


@given(LIMIT, LIMIT, LIMIT, LIMIT, CALLS)
def test_no_sequence_of_calls_passes_a_limit(
    usd: int | None,
    tokens: int | None,
    calls: int | None,
    seconds: int | None,
    asked: list[tuple[int, int, float, float]],
) -> None:
    allowed, used = Allowance(usd, tokens, calls, seconds), Used()
    for worst_tokens, worst_usd, share, took in asked:
        if met_by(allowed, used, Used(worst_usd, worst_tokens, 1)) is not None:
            continue
        left = left_seconds(allowed, used)
        spent = Used(worst_usd * share, int(worst_tokens * share), 1, min(took, took if left is None else left))
        used = used.and_also(spent)
        assert usd is None or used.usd <= usd + 1e-9
        assert tokens is None or used.tokens <= tokens
        assert calls is None or used.calls <= calls
        assert seconds is None or used.seconds <= seconds + 1e-9


@given(CALLS)
def test_what_is_not_declared_is_no_limit(asked: list[tuple[int, int, float, float]]) -> None:
    used = Used()
    for tokens, usd, _, seconds in asked:
        worst = Used(usd, tokens, 1)
        assert met_by(UNLIMITED, used, worst) is None
        used = used.and_also(worst).and_also(Used(seconds=seconds))

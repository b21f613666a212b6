"""Where notes are kept: what a routing file asks for, as far as the policy lets it."""

from tests.unit.policy.policy_world import POLICY, admitted, book, refused
from tests.unit.policy.test_checking import RIGHT

from pointsman.config.policy_file import read_policy_text
from pointsman.config.routing_file import read_routing
from pointsman.config.written import Written
from pointsman.domain.effective import Origin
from pointsman.domain.levels import Sensitivity
from pointsman.policy.checking import check_routing
from pointsman.policy.effective import Both, effective

REGULATED = f"{POLICY}audit: {{modes: [ref, in-tree], mirror: false}}\n"


def test_the_note_is_in_the_tree_unless_the_routing_file_or_the_policy_says_otherwise() -> None:
    assert admitted(RIGHT).audit_mode == "in-tree"
    assert admitted(RIGHT).has_note_on_ref
    assert admitted(f"{RIGHT}audit: comment-only\n").audit_mode == "comment-only"
    assert admitted(RIGHT, law=REGULATED).audit_mode == "ref"
    alone = admitted(f"{RIGHT}audit: in-tree\n", law=REGULATED)
    assert (alone.audit_mode, alone.has_note_on_ref) == ("in-tree", False)


def test_a_mode_that_the_policy_does_not_list_is_refused_and_told_where_it_stands() -> None:
    text = f"{RIGHT}audit: comment-only\n"
    no = refused(text, law=REGULATED)
    assert (no.rule, no.reason) == ("audit", "the policy does not let notes be kept comment-only, only ref, in-tree")
    written = read_routing(text.encode())
    assert isinstance(written, Written)
    (mistake,) = check_routing(written, book(text, law=REGULATED), Sensitivity.INTERNAL).mistakes
    assert str(mistake).startswith(".pointsman.yml:4:8: the policy does not let notes be kept comment-only")


def test_what_holds_is_told_with_who_says_so() -> None:
    routing, policy = read_routing(RIGHT.encode()), read_policy_text(REGULATED.encode(), "policy.yml")
    assert isinstance(routing, Written) and isinstance(policy, Written)
    held = effective(Both(routing, policy, "acme/shop"), book(RIGHT, law=REGULATED))
    (mode,) = [one for one in held if one.key == "audit"]
    assert (mode.value, mode.by) == ("ref", Origin("policy", REGULATED.count("\n")))

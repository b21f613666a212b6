"""Text hygiene in both directions: what reaches a model is what people see, what a model wrote has no effects."""

from pointsman.conversation.inbound import INBOUND_CAP, Visible, inbound
from pointsman.conversation.masking import MASK, masked
from pointsman.conversation.outbound import OUTBOUND_CAP, inline_code, outbound, outbound_code, outbound_line

__all__ = [
    "INBOUND_CAP",
    "MASK",
    "OUTBOUND_CAP",
    "Visible",
    "inbound",
    "inline_code",
    "masked",
    "outbound",
    "outbound_code",
    "outbound_line",
]

"""Secrets in text that is about to be shown: found by their shape, also when encoded, and masked."""

import base64
import binascii
import re
from urllib.parse import unquote

MASK = "[masked]"

_SECRET = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\S]*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)"
    r"|(?<![A-Za-z0-9])gh[opsur]_[A-Za-z0-9_.\-]{16,}"
    r"|(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{16,}"
    r"|(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[A-Za-z0-9_.\-]{16,}"
    r"|(?<![A-Za-z0-9])sk-[A-Za-z0-9_\-]{16,}"
    r"|(?<![A-Za-z0-9])xox[abeprs]-[A-Za-z0-9\-]{10,}"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|(?<![A-Za-z0-9])AIza[A-Za-z0-9_\-]{30,}"
    r"|(?<![A-Za-z0-9])(?:hf|npm)_[A-Za-z0-9]{30,}"
    r"|(?<![A-Za-z0-9])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{4,}\.[A-Za-z0-9_\-]*"
)
_BASIC_AUTH = re.compile(r"(?<=://)[^\s/@:?#]{0,200}:[^\s/@?#]{1,500}@|(?<=://)[A-Za-z0-9_.\-]{16,500}@")
_BEARER = re.compile(r"(?i)(?<=\bbearer )[A-Za-z0-9_.~+/\-]{16,}=*")
_HEX_RUN = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){16,}(?![0-9A-Fa-f])")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_\-]{24,}={0,2}")
_PERCENT_RUN = re.compile(r"[A-Za-z0-9%_.\-]{12,}")


def masked(text: str) -> str:
    """`text` with what has the shape of a credential replaced by a mask.

    Shapes: GitHub tokens (also the longer stateless `ghs_` form), GitLab, OpenAI and Anthropic keys, Slack, AWS,
    Google, JSON web tokens, private keys in PEM, passwords in URLs; each also in hex, base64 and percent encoding.
    """
    plain = _SECRET.sub(MASK, text)
    plain = _BEARER.sub(MASK, _BASIC_AUTH.sub(f"{MASK}@", plain))
    plain = _PERCENT_RUN.sub(lambda found: MASK if _hides_in_percents(found.group()) else found.group(), plain)
    plain = _HEX_RUN.sub(lambda found: MASK if _hides_in_hex(found.group()) else found.group(), plain)
    return _BASE64_RUN.sub(lambda found: MASK if _hides_in_base64(found.group()) else found.group(), plain)


def _hides_in_percents(run: str) -> bool:
    return "%" in run and _SECRET.search(unquote(run)) is not None


def _hides_in_hex(run: str) -> bool:
    return _SECRET.search(bytes.fromhex(run).decode("latin-1")) is not None


def _hides_in_base64(run: str) -> bool:
    """True when any of the four alignments of the run decodes to a secret: it may begin in the middle of a word."""
    letters = run.rstrip("=").replace("-", "+").replace("_", "/")
    for start in range(4):
        piece = letters[start:]
        piece = piece[: len(piece) - (len(piece) % 4 == 1)]
        try:
            decoded = base64.b64decode(piece + "=" * (-len(piece) % 4))
        except binascii.Error:
            continue
        if _SECRET.search(decoded.decode("latin-1")):
            return True
    return False

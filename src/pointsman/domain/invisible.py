"""Characters that a person does not see: which they are, and taking them out."""

import re

_FLAG_TAILS = ("gbeng", "gbsct", "gbwls")
_RGI_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in tail) + "\U000e007f" for tail in _FLAG_TAILS
)

_JOINING_SCRIPTS = "\u0600-\u07bf\u0900-\u0dff\u1780-\u17b3\u17b6-\u17ff\u1800-\u180d\u1820-\u18aa"
_PICTURES = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"

_PATTERN = re.compile(
    rf"(?P<flag>{_RGI_FLAGS})"
    rf"|(?P<emoji>[{_PICTURES}#*0-9][\ufe0e\ufe0f](?![\ufe00-\ufe0f\U000e0100-\U000e01ef]))"
    rf"|(?P<emoji_joiner>(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}]))"
    rf"|(?P<joiner>(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}]))"
    r"|(?P<tags>[\U000e0000-\U000e007f]+)"
    r"|(?P<bidi>[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+)"
    r"|(?P<selector>[\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180d\u180f]+)"
    r"|(?P<zero>[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0]+)"
    r"|(?P<control>[\x00-\x08\x0b-\x1f\x7f-\x9f\ufff9-\ufffb\ud800-\udfff]+)"
    r"|(?P<separator>[\u2028\u2029])"
)
_KEPT = frozenset({"flag", "emoji", "emoji_joiner", "joiner"})
_FLAGS = {
    "tags": "unicode-tags",
    "bidi": "bidi",
    "selector": "variation-selectors",
    "zero": "zero-width",
    "control": "control-characters",
}


def visible_characters(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` without the characters that nobody sees, and the sorted names of what was taken out.

    Newlines become LF. Kept are the three subdivision flags that Unicode recommends for general interchange
    (Unicode Technical Standard 51), emoji sequences, and the joiners that Arabic and Indic scripts are written with.
    """
    found: set[str] = set()

    def replaced(match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        if kind in _KEPT:
            return match.group()
        if kind == "separator":
            return "\n"
        found.add(_FLAGS[kind])
        return ""

    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _PATTERN.sub(replaced, unified), tuple(sorted(found))


def written_out(text: str) -> str:
    """`text` with every character that nobody sees as `<U+200B>`, so that who reads it knows of it.

    Kept are the same as above, and the newlines and form feeds of source texts as they are.
    """

    def replaced(match: re.Match[str]) -> str:
        if match.lastgroup in _KEPT:
            return match.group()
        return "".join(char if char in "\r\f" else f"<U+{ord(char):04X}>" for char in match.group())

    return _PATTERN.sub(replaced, text)

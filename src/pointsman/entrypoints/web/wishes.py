"""What is asked for on the setup page or the command line, looked at before a form is made of it."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from pointsman.entrypoints.web.parts import AppWish

GITHUB = "https://github.com"
# GitHub documentation, "Registering a GitHub App": a name has at most 34 characters.
LONGEST_NAME = 34

_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})")


@dataclass(frozen=True)
class Checked:
    """The wish, and for each field that cannot be used a sentence; then the wish holds its default."""

    wish: AppWish
    problems: Mapping[str, str] = field(default_factory=dict)


def checked(fields: Mapping[str, str], *, url: str) -> Checked:
    """The wish that the fields name; those that are empty get their defaults. `url` is the address of the server."""
    problems: dict[str, str] = {}
    own = address(fields.get("url") or url)
    if own is None:
        problems["url"] = "Write an address such as https://bot.example.org."
    web = address(fields.get("web") or GITHUB)
    if web is None or urlsplit(web).path or (web.startswith("http:") and not is_loopback(web)):
        problems["web"] = "Write https:// and the host of GitHub's pages."
    organization = fields.get("organization", "").strip()
    if organization and not _LOGIN.fullmatch(organization):
        problems["organization"] = "A name on GitHub has letters, digits and hyphens."
    name = " ".join(fields.get("name", "").split()) or f"Pointsman {organization}".strip()[:LONGEST_NAME].strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        problems["name"] = f"A name has at most {LONGEST_NAME} characters."
    wish = AppWish(
        url=own or address(url) or "",
        web=GITHUB if web is None or "web" in problems else web,
        name="Pointsman" if "name" in problems else name,
        organization="" if "organization" in problems else organization,
    )
    return Checked(wish, problems)


def address(text: str) -> str | None:
    """An http or https address without user, query, fragment and closing slash; None for what is no such address."""
    parts = _split(text.strip())
    if parts is None or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        return None
    host = parts.hostname or ""
    if parts.username is not None or not (_HOST.fullmatch(host) or _is_ip(host)):
        return None
    if not re.fullmatch(r"[A-Za-z0-9._~/-]*", parts.path):
        return None
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether an address leads back to the machine that asks."""
    host = (_split(url) or SplitResult("", "", "", "", "")).hostname or ""
    return (
        host == "localhost"
        or host.endswith(".localhost")
        or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
    )


def warnings(url: str) -> tuple[str, ...]:
    """What will not work with this address of the server."""
    if is_loopback(url):
        return ("GitHub cannot reach this address: it leads to GitHub's own machine. No webhook will arrive.",)
    if url.startswith("http:"):
        return (
            "Without https everybody on the way can read the webhooks. Put a proxy with a certificate before it.",
        )
    return ()


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    return parts if port != 0 else None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

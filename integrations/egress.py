"""The one gate to the outside: outside production no adapter gets past this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit


class EgressRefused(ValueError):
    """An adapter was pointed at an address that this mode must not reach."""


def base_url(url: str, *, production: bool) -> str:
    """This function will return the base URL without a trailing slash, if this mode may reach it.

    Outside production only loopback addresses pass, so that a demo never contacts a real person. In
    production everything but loopback must be https.

    :raises EgressRefused: the URL may not be reached, or could be read in two ways.
    """
    # A backslash or user part is read differently by different clients: whom would we be calling?
    if any(character in url for character in "\\@ \t\r\n"):
        raise EgressRefused(f"not a plain URL: {url!r}")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise EgressRefused(f"not a base URL: {url!r}")
    if not is_loopback(parts.hostname):
        if not production:
            raise EgressRefused(f"outside production only this machine may be reached, not {parts.hostname}")
        if parts.scheme != "https":
            raise EgressRefused(f"{parts.hostname} must be reached over https")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """This function will tell whether a host name or literal address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

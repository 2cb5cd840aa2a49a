"""What all vendors share where the creditor agrees on a page of theirs (OAuth 2, RFC 6749): tokens that are
exchanged, an access token that opens the rest."""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from agency.ports.providers import ProviderAmbiguous, ProviderRefused
from agency.ports.providers.bookkeeping import EXPIRED, Tokens
from integrations.bookkeeping.answers import NotInForm, bounded_file, good_json
from integrations.outcomes import httpx_failures

# An access token dies so long after it was issued; the answer was under way for some of it.
_MARGIN_SECONDS: Final = 30


def granted(
    http: httpx.Client,
    path: str,
    asked: Mapping[str, str],
    *,
    refused_as: str,
    client: tuple[str, str] | None = None,
) -> Tokens:
    """This function will exchange a code or a refresh token for tokens.

    :param client: our id and secret, where they go in a header (RFC 6749, 2.3.1) and not in the form.
    :raises ProviderRefused: with `refused_as`; with "client" where our own registration is wrong.
    :raises ProviderTransient, ProviderAmbiguous: see the exceptions.
    """
    more: dict[str, Any] = {} if client is None else {"auth": client}
    with httpx_failures(effect=True):
        answer = http.post(path, data=dict(asked), headers={"Accept": "application/json"}, **more)
    if answer.status_code in (400, 401, 403):
        raise ProviderRefused(_refusal(answer, refused_as), "the vendor does not let us in")
    content = good_json(answer, effect=True)
    try:
        lives = max(0, int(str(content["expires_in"])) - _MARGIN_SECONDS)
        access, refresh = str(content["access_token"]), str(content["refresh_token"])
        if not access or not refresh:
            raise NotInForm("an empty token")
    except (KeyError, ValueError) as error:
        raise ProviderAmbiguous("no tokens in the answer") from error
    return Tokens(access, refresh, lives)


def ask(
    http: httpx.Client, path: str, tokens: Tokens, *, body: Mapping[str, Any] | None = None
) -> httpx.Response:
    """This function will ask for JSON with an access token; other refusals are the caller's to read.

    :param body: what is asked, at a vendor where questions are posted; nothing is changed by them.
    :raises ProviderRefused: with `EXPIRED`; with "403" where the user who connected may not read it.
    :raises ProviderTransient: see the exception.
    """
    with httpx_failures(effect=False):
        headers = {**_bearer(tokens), "Accept": "application/json"}
        answer = http.request("GET" if body is None else "POST", path, headers=headers, json=body)
    if answer.status_code == 401:
        raise ProviderRefused(EXPIRED, "the access token is over")
    if answer.status_code == 403:
        raise ProviderRefused("403", "the user who connected may not read this")
    return answer


def file_of(http: httpx.Client, path: str, tokens: Tokens) -> bytes:
    """This function will fetch a file with an access token.

    :raises ProviderRefused: with `EXPIRED`; it is too large, or not to be had.
    :raises ProviderTransient: see the exception.
    """
    try:
        return bounded_file(http, path, {**_bearer(tokens), "Accept": "application/pdf, */*;q=0.5"})
    except ProviderRefused as refused:
        if refused.code == "401":
            raise ProviderRefused(EXPIRED, "the access token is over") from refused
        raise


def _bearer(tokens: Tokens) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.access}"}


def _refusal(answer: httpx.Response, otherwise: str) -> str:
    """The OAuth error that blames us and not the creditor's token is told as such."""
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        return otherwise
    error = told.get("error") if isinstance(told, dict) else None
    return "client" if error == "invalid_client" else otherwise

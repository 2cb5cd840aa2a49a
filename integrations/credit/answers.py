"""Reads the answers of registers and bureaus: questions without effect, so no answer is asked for again."""

from typing import Any

import httpx

from integrations.outcomes import from_status, no_answer


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """This function will return the JSON object of a good answer.

    :raises ProviderRefused, ProviderTransient: see the exceptions.
    """
    try:
        content = answer.json()
    except (ValueError, RecursionError) as error:
        if answer.is_success:
            raise no_answer(error, effect=False) from error
        content = {}
    if not isinstance(content, dict):
        content = {}
    if answer.is_success:
        return content
    raise from_status(
        status=answer.status_code,
        reason=str(content.get("reason") or answer.reason_phrase),
        headers=answer.headers,
        effect=False,
        code=str(content["code"]) if "code" in content else None,
    )

"""The fields of a form as they were sent."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from portal.shared.forms import holdable


async def _fields(request: Request) -> dict[str, str]:
    sent = await request.form()
    return {name: holdable(value) for name, value in sent.items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(_fields)]

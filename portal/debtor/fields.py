"""The fields of a form as they were sent."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from portal.shared.forms import refuse_nul


async def _fields(request: Request) -> dict[str, str]:
    sent = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    for name, value in sent.items():
        refuse_nul(name, value)
    return sent


Fields = Annotated[dict[str, str], Depends(_fields)]

"""The fields of a form as they were sent."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request


async def _fields(request: Request) -> dict[str, str]:
    return {
        name: value.replace("\0", "")
        for name, value in (await request.form()).items()
        if isinstance(value, str)
    }


Fields = Annotated[dict[str, str], Depends(_fields)]

"""What every address of the simulated SendGrid says alike: whom it knows, and how it refuses."""

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import magic


def is_known(request: Request) -> bool:
    """This function will tell whether a call carries a key; any but one will do."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and bool(key) and key != magic.WRONG_KEY


def errors(status: int, message: str, field: str | None) -> Response:
    """This function will refuse in SendGrid's form."""
    body = {"errors": [{"message": message, "field": field or None, "help": None}]}
    return JSONResponse(body, status_code=status)

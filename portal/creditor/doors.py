"""The routers of the creditors' door and what its pages share."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from portal.shared.audience import router, show

EVERYBODY = {"creditor_clerk", "creditor_manager"}
# A price binds the creditor, so only a manager accepts or declines it.
MANAGERS = {"creditor_manager"}

routes = router(audience="creditor", roles=EVERYBODY, prefix="/creditor")
binding = router(audience="creditor", roles=MANAGERS, prefix="/creditor")


def creditor_page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """This function will answer with a page of this door."""
    return show(request, f"creditor/{template}", values, status=status)

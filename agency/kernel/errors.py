"""Anticipated failures: each becomes a page or a problem document, none is logged as a bug."""


class AgencyError(Exception):
    """A failure that a person can act on.

    `message` is a sentence in English (the portal translates it), `status` the HTTP status that
    describes it, `code` a stable word for programs, `field` the input it concerns.
    """

    status = 400
    code = "refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(AgencyError):
    """The thing does not exist, or belongs to somebody else: both look the same from outside."""

    status = 404
    code = "not_found"


class Forbidden(AgencyError):
    """The person is known but may not do this."""

    status = 403
    code = "forbidden"


class Conflict(AgencyError):
    """The thing has changed meanwhile, or the move is not allowed from where it stands."""

    status = 409
    code = "conflict"


class Gone(AgencyError):
    """The thing was there, and was erased when its time was over: it does not come back."""

    status = 410
    code = "erased"


class Invalid(AgencyError):
    """The input cannot be understood; `field` names the part."""

    status = 422
    code = "invalid"

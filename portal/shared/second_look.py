"""A second look at who asks, before much leaves the house: a fresh code of the second factor."""

from limits import RateLimitItemPerMinute

from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.parties.users import use_code
from portal.shared.i18n import N_
from portal.shared.sessions import Visitor
from portal.shared.sign_in import real_now
from portal.shared.throttling import TooMany, counted
from portal.wiring import Wiring

PER_ACCOUNT = RateLimitItemPerMinute(8)


class WrongCode(Invalid):
    """The code is not that of this moment, or was used before."""


def look_again(unit: Unit, wiring: Wiring, visitor: Visitor, *, code: str) -> None:
    """This function will use up a code that the visitor's phone shows now.

    A session that somebody left open, or took along, is so not enough.

    :raises TooMany: too many codes were tried.
    :raises WrongCode: it is not right, or was used already.
    """
    if not counted(wiring.settings, PER_ACCOUNT, "second-look", str(visitor.user_id)):
        raise TooMany(N_("Too many tries. Wait a minute and try again."), field="code")
    secret = wiring.settings.secret.get_secret_value()
    if not use_code(unit, user_id=visitor.user_id, code=code, sealing_secret=secret, at=real_now(unit)):
        raise WrongCode(
            N_("This code is not right, or was used already. Wait for the next one."), field="code"
        )

"""Set-up: `python -m portal.setup`, after each migration. It lays down what an agency works with: itself, its
first rate card, and the texts and paths of this release that changed; said again it changes nothing.

What a person of the agency published is the agency's own and stays as it is.
"""

import secrets
from datetime import timedelta
from typing import Annotated

import pyotp
import typer
from sqlalchemy import text

from agency.communication.templates import publish_templates
from agency.kernel.errors import AgencyError, Conflict
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Unit
from agency.parties.models import Audience, Role
from agency.parties.registration import register_house
from agency.parties.users import create_user
from agency.pricing.rate_cards import publish_first_card
from agency.treatment.paths import publish_paths
from portal.wiring import wire

BY = "system:setup"
_HAS_ADMINISTRATOR = text(
    "SELECT EXISTS (SELECT FROM user_account WHERE 'admin' = ANY(roles) AND disabled_at IS NULL)"
)


class AdministratorStands(Conflict):
    """The agency has an administrator, who makes the other users."""


def prepare(unit: Unit, settings: Settings) -> None:
    """This function will lay down what an agency needs before its first claim; again changes nothing."""
    register_house(unit, name=settings.agency_name)
    # Claims are older than their mandate, but every decision is taken from today on.
    publish_first_card(unit, valid_from=unit.today - timedelta(days=1))
    publish_templates(unit)
    publish_paths(unit)


def make_first_administrator(unit: Unit, settings: Settings, *, email: str, name: str) -> tuple[str, str]:
    """This function will make the first administrator, and return the password and the address from which an
    authenticator app learns the second factor; both are kept nowhere.

    :raises AdministratorStands: there is one already.
    :raises Invalid: the address is in use by somebody else.
    """
    if unit.session.connection().execute(_HAS_ADMINISTRATOR).scalar_one():
        raise AdministratorStands("there is an administrator already, who makes the other users")
    password = secrets.token_urlsafe(15)
    made = create_user(
        unit,
        email=email,
        name=name,
        audience=Audience.STAFF,
        roles=[Role.ADMIN],
        password=password,
        sealing_secret=settings.secret.get_secret_value(),
    )
    app = pyotp.TOTP(made.totp_secret).provisioning_uri(name=email, issuer_name=settings.agency_name)
    return password, app


def main(
    administrator: Annotated[str, typer.Option(help="E-mail address of the first administrator.")] = "",
    name: Annotated[str, typer.Option(help="The administrator's name.")] = "Administrator",
) -> None:
    """Lay down what the agency of these settings works with, and make its first administrator if asked.

    Where the administrator is refused nothing is laid down, and it ends with 1.
    """
    wiring = wire()
    told = ""
    try:
        with wiring.units.open(Door.STAFF, by=BY) as unit:
            prepare(unit, wiring.settings)
            if administrator:
                password, app = make_first_administrator(
                    unit, wiring.settings, email=administrator, name=name
                )
                told = f"Password, shown once: {password}\nFor an authenticator app:  {app}"
    except AgencyError as refusal:
        typer.echo(refusal.message, err=True)
        raise typer.Exit(1) from None
    if told:
        typer.echo(told)


if __name__ == "__main__":
    typer.run(main)

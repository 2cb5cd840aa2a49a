"""Setting an agency up on an empty database: what it works with, and somebody who lets the others in."""

import re

import pyotp
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.parties.users import user_with_password
from portal import setup
from portal.setup import AdministratorStands, make_first_administrator, prepare
from portal.wiring import Wiring

SETTINGS = Settings(mode="development")
ANN = {"email": "Ann@agency.example", "name": "Ann Admin"}


@pytest.fixture
def staff(units):
    with units.open(Door.STAFF, by=setup.BY) as unit:
        yield unit


def counted(unit) -> dict[str, int]:
    tables = ("rate_card", "template", "treatment_path", "creditor")
    return {
        table: unit.session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in tables
    }


def test_lays_down_what_an_agency_works_with_once(staff):
    prepare(staff, SETTINGS)
    first = counted(staff)
    assert min(first.values()) > 0
    prepare(staff, SETTINGS)
    assert counted(staff) == first


def test_a_text_that_this_release_says_otherwise_becomes_a_version(staff):
    prepare(staff, SETTINGS)
    before = counted(staff)["template"]
    staff.session.connection().execute(
        text("UPDATE template SET sha256 = 'as an earlier release said it' WHERE key = 'reminder_1'")
    )
    changed = (
        staff.session.connection()
        .execute(text("SELECT count(*) FROM template WHERE key = 'reminder_1'"))
        .scalar_one()
    )
    prepare(staff, SETTINGS)
    assert changed > 0
    assert counted(staff)["template"] == before + changed


def test_the_first_administrator_signs_in_with_what_was_shown(staff):
    password, app = make_first_administrator(staff, SETTINGS, **ANN)
    found = user_with_password(staff, email="ann@agency.example", password=password)
    assert found is not None
    assert found.roles == ["admin"]
    assert re.fullmatch(r"\d{6}", pyotp.parse_uri(app).now())


def test_a_second_one_is_made_by_the_first(staff):
    make_first_administrator(staff, SETTINGS, **ANN)
    with pytest.raises(AdministratorStands):
        make_first_administrator(staff, SETTINGS, email="bob@agency.example", name="Bob")


def test_the_word_says_it_once_and_lays_nothing_down_when_it_refuses(units, monkeypatch):
    monkeypatch.setattr(setup, "wire", lambda: Wiring(settings=SETTINGS, units=units, ports=None))
    app = setup.typer.Typer()
    app.command()(setup.main)
    said = CliRunner().invoke(app, ["--administrator", ANN["email"], "--name", ANN["name"]])
    assert said.exit_code == 0
    assert "Password, shown once: " in said.stdout
    assert "otpauth://totp/" in said.stdout
    again = CliRunner().invoke(app, ["--administrator", "bob@agency.example"])
    assert again.exit_code == 1
    assert "there is an administrator already" in again.stderr
    assert CliRunner().invoke(app, []).exit_code == 0

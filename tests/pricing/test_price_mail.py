"""A higher price that waits is written to everybody who may accept it, once, with one reminder."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.communication.creditor_mail import send_creditor_mails, words_of
from agency.communication.price_mail import tell_of_prices
from agency.kernel.clock import move_clock
from agency.money import Money
from agency.parties.models import Audience, Role
from agency.parties.users import create_user
from tests.communication.correspondence import SETTINGS, Office
from tests.intake.factories import rows_of
from tests.pricing.test_requoting import PART, Accepted


class Told(Accepted):
    """A claim whose higher price waits, and the post."""

    def __init__(self, units):
        super().__init__(units)
        self.office = Office(units)

    def user(self, name, role, language="nl"):
        with self.staff() as unit:
            create_user(
                unit, name=name, email=f"{name}@klant.example", password="a long enough password",
                audience=Audience.CREDITOR, roles=(role,), creditor_id=self.creditor_id,
                sealing_secret="s" * 32,
            )  # fmt: skip
            unit.session.connection().execute(
                text("UPDATE user_account SET language = :l WHERE name = :n"), {"l": language, "n": name}
            )

    def tell(self):
        with self.office.unit() as unit:
            told = tell_of_prices(unit, settings=SETTINGS)
        send_creditor_mails(self.units, ports=self.office.ports)
        return told

    def later(self, days):
        with self.office.unit() as unit:
            moment = unit.now + timedelta(days=days)
        with self.office.unit() as unit:
            move_clock(unit, to=moment, production=False)


@pytest.fixture
def case(units):
    return Told(units)


def test_goes_to_everybody_who_may_accept_in_their_language(case):
    case.user("anna", Role.CREDITOR_MANAGER)
    case.user("bruno", Role.CREDITOR_MANAGER, "fr")
    case.user("clerk", Role.CREDITOR_CLERK)
    assert case.tell() == 0
    case.disputes(disputed=PART)
    assert (case.tell(), case.tell()) == (2, 0)
    anna, bruno = sorted(case.office.mail.left, key=lambda mail: mail.to)
    assert (anna.to, bruno.to) == ("anna@klant.example", "bruno@klant.example")
    assert anna.subject == "Een hogere vergoeding wacht op uw antwoord"
    assert bruno.subject == "Une commission plus élevée attend votre réponse"
    assert f"/creditor/quotes/{case.waiting()}" in anna.body
    assert "Bakkerij Jansen B.V." in anna.body


def test_goes_to_the_contact_of_the_creditor_where_nobody_signs_in(case):
    with case.staff() as unit:
        unit.session.connection().execute(text("UPDATE creditor SET email = 'post@groot.example'"))
    case.disputes(disputed=PART)
    assert case.tell() == 1
    assert [mail.to for mail in case.office.mail.left] == ["post@groot.example"]


def test_is_reminded_of_once_before_it_expires(case):
    case.user("anna", Role.CREDITOR_MANAGER, "en")
    case.disputes(disputed=PART)
    case.tell()
    case.later(9)
    assert case.tell() == 0
    case.later(1)
    assert (case.tell(), case.tell()) == (1, 0)
    assert case.office.mail.left[1].subject == "Reminder: A higher fee waits for your answer"
    case.later(10)
    assert case.tell() == 0


def test_is_not_written_about_once_it_was_answered_or_dropped(case):
    case.user("anna", Role.CREDITOR_MANAGER)
    dispute_id = case.disputes(disputed=PART)
    case.resolves(dispute_id)
    assert case.tell() == 0
    case.disputes(disputed=Money(100_000, "EUR"))
    case.accepts()
    assert case.tell() == 0
    assert rows_of(case.units, case.creditor_id, "SELECT count(*) FROM creditor_mail") == [(0,)]


def test_has_the_same_words_with_the_same_places_in_every_language():
    words = words_of("price_to_agree")
    assert set(words) == {"nl", "fr", "en", "de"}
    for language in words.values():
        assert {key: sorted(set(_places(said))) for key, said in language.items()} == {
            key: sorted(set(_places(said))) for key, said in words["en"].items()
        }


def _places(said):
    return [part.partition("}")[0] for part in said.split("{")[1:]]

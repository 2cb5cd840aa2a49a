"""Mail of a brand is held back while too much of it comes back, and goes on without a burst."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from agency.arrangements.promises import make_promise
from agency.communication.receipts import apply_receipt
from agency.communication.sender_health.pausing import (
    UnableToGoOn,
    let_mail_go_on,
    mails_waiting,
    senders,
    senders_paused,
)
from agency.money import Money
from agency.rules.facts import Channel
from agency.rules.sender_health import MailHealth, held_back_for
from tests.communication.correspondence import TUESDAY, Office, a_correspondent, queue, receipt

ON = date(2026, 12, 1)
COPIES = text(
    "INSERT INTO message (creditor_id, id, created_at, claim_id, debtor_id, channel, step, cycle, state,"
    " template_id, due_at, to_value, generation, attempts, subject, amounts, trace, reasons)"
    " SELECT creditor_id, uuidv7(), created_at, claim_id, debtor_id, channel, step || n, cycle, state,"
    " template_id, due_at, '', 0, 0, '', '{}', '[]', '[]'"
    " FROM message, generate_series(2, 600) n WHERE state = 'queued'"
)
DUE = text("SELECT due_at FROM message WHERE state = 'queued' ORDER BY due_at")


class TestRule:
    @pytest.mark.pure
    @pytest.mark.parametrize(
        ("sent", "bounced", "unwanted", "ground"),
        [
            (99, 99, 99, None),
            (100, 8, 0, "bounced"),
            (100, 7, 0, None),
            (1000, 79, 2, None),
            (1000, 0, 3, "unwanted"),
            (1001, 0, 3, None),
            (100, 0, 2, None),
            (0, 0, 0, None),
        ],
    )
    def test_where_the_line_runs(self, sent, bounced, unwanted, ground):
        assert held_back_for(MailHealth(sent, bounced, unwanted), on=ON) == ground

    @pytest.mark.pure
    @given(st.integers(0, 5000), st.integers(0, 500), st.integers(0, 500))
    def test_more_that_comes_back_never_lets_mail_go_on(self, sent, bounced, more):
        if held_back_for(MailHealth(sent, bounced, 0), on=ON):
            assert held_back_for(MailHealth(sent, bounced + more, 0), on=ON)


@pytest.fixture
def office(units):
    return Office(units).open_up()


def of_one_creditor(office, count, *, creditor_id=None):
    claims = []
    with office.unit() as unit:
        for number in range(count):
            email = f"d{number}@example.org"
            claims.append(a_correspondent(unit, creditor_id=creditor_id, name=f"D {number}", email=email))
            creditor_id = claims[-1][0]
            queue(unit, *claims[-1])
    return claims


def tell(office, claims, kind, key="x"):
    for _, claim_id in claims:
        message = office.messages(claim_id)[0]
        at = TUESDAY + timedelta(hours=1)
        told = receipt(str(message.id), kind, at, permanent=kind == "bounced", copy=key)
        with office.unit() as unit:
            apply_receipt(unit, receipt=told, message_id=message.id)


def paused(office):
    with office.unit() as unit:
        return senders_paused(unit)


def send_all(office):
    while office.send():
        pass


def test_too_many_bounces_hold_the_rest_back_others_and_answers_go_on(office):
    claims = of_one_creditor(office, 100)
    send_all(office)
    tell(office, claims[:7], "bounced")
    assert paused(office) == []
    tell(office, claims[7:9], "bounced")
    creditor_id = claims[0][0]
    assert paused(office) == [creditor_id]
    late, answered, written = of_one_creditor(office, 3, creditor_id=creditor_id)
    (stranger,) = of_one_creditor(office, 1)
    with office.unit() as unit:
        promised = {"amount": Money(5000, "EUR"), "due_on": date(2026, 12, 9)}
        make_promise(unit, creditor_id=creditor_id, claim_id=answered[1], **promised)
        queue(unit, *written, channel=Channel.letter, step="letter")
    send_all(office)
    assert [one.state for one in office.messages(late[1])] == ["queued"]
    assert [one.state for one in office.messages(written[1])] == ["queued", "sent"]
    assert office.messages(stranger[1])[0].state == "sent"
    states = {one.template: one.state for one in office.messages(answered[1])}
    assert states["promise_confirmation"] == "sent"
    with office.unit() as unit:
        assert mails_waiting(unit, creditor_id=creditor_id) == 3
        assert let_mail_go_on(unit, creditor_id=creditor_id, remark="An old file; addresses taken out.") == 3
    send_all(office)
    assert office.messages(late[1])[0].state == "sent"
    # What was counted before counts no more, and two people do not let it go on twice.
    tell(office, claims[9:10], "bounced")
    assert paused(office) == []
    with pytest.raises(UnableToGoOn), office.unit() as unit:
        let_mail_go_on(unit, creditor_id=creditor_id, remark="Looked too.")


def test_spam_reports_hold_back_and_one_reader_counts_once(office):
    claims = of_one_creditor(office, 100)
    send_all(office)
    for key in ("a", "b", "c"):
        tell(office, claims[:2], "unwanted", key=key)
    assert paused(office) == []
    tell(office, claims[2:3], "unwanted")
    assert paused(office) == [claims[0][0]]
    with office.unit() as unit:
        row = next(one for one in senders(unit, most=10) if one.creditor_id == claims[0][0])
    assert (row.sent, row.bounced, row.unwanted, row.pause_id is not None) == (100, 0, 3, True)


def test_what_waited_leaves_without_a_burst(office):
    claims = of_one_creditor(office, 100)
    send_all(office)
    tell(office, claims[:8], "bounced")
    of_one_creditor(office, 1, creditor_id=claims[0][0])
    with office.unit() as unit:
        unit.session.connection().execute(COPIES)
        let_mail_go_on(unit, creditor_id=claims[0][0], remark="Old addresses are out.")
        due = list(unit.session.connection().execute(DUE).scalars())
    days = Counter(one.date() for one in due)
    assert [days[day] for day in sorted(days)] == [200, 200, 200]
    assert min(days) == TUESDAY.date() + timedelta(days=1)
    hours = Counter(one.hour for one in due if one.date() == min(days))
    assert max(hours.values()) <= 30
    assert len(hours) >= 8

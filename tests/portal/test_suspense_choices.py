"""Settling suspense by its proposals over HTTP: confirm one, a split too, refuse them all, undo, go on."""

import html
import re
from uuid import UUID

import pytest
from sqlalchemy import text

from agency.banking.matching import match_lines
from agency.claims.models import Claim
from agency.kernel.unit import Door
from agency.parties.models import Debtor
from tests.made import a_claim, a_creditor
from tests.portal.test_finance import app, colleagues, post, statement_file, upload

__all__ = ["app", "colleagues"]

OF_ONE = (100_000, 50_000)


@pytest.fixture
def debtor(units) -> list[tuple[UUID, UUID]]:
    """One debtor, J. de Vries, with two claims."""
    with units.open(Door.STAFF, by="system:test") as unit:
        creditor = a_creditor(unit)
        claims = [a_claim(unit, creditor_id=creditor, invoices=[(minor, unit.today)]) for minor in OF_ONE]
        rows = [unit.session.get_one(Claim, (creditor, claim)) for claim in claims]
        one = unit.session.get_one(Debtor, (creditor, rows[0].debtor_id))
        one.name, one.name_key = "Jan de Vries", "jan de vries"
        rows[1].debtor_id = one.id
        unit.session.add_all([one, *rows])
    return [(creditor, claim) for claim in claims]


def lines(units, state="suspense") -> list[str]:
    with units.open(Door.STAFF, by="system:test") as unit:
        found = unit.session.connection().execute(
            text("SELECT id FROM bank_line WHERE state = :state ORDER BY booked_on, id"), {"state": state}
        )
        return [str(one) for one in found.scalars()]


def arrive(units, browser, *said) -> None:
    """A bank file with these lines is imported, and matching looks at them."""
    upload(browser, statement_file(units, *said))
    with units.open(Door.WORKER, by="system:test") as unit:
        match_lines(unit)


def choices(page: str) -> list[str]:
    return [html.unescape(value) for value in re.findall(r'name="choice" value="([^"]+)"', page)]


class TestChoosing:
    def test_a_split_that_adds_up_is_the_first_choice_and_one_stroke_away(self, units, colleagues, debtor):
        ann, _ = colleagues
        arrive(units, ann, ("B1", sum(OF_ONE), "alles"))
        [line] = lines(units)
        page = ann.get(f"/finance/suspense/{line}").text
        assert "exactly the sum of these claims" in page
        assert re.search(r'type="radio"[^>]+data-key="1"[^>]* checked', page)
        assert re.search(r"<button[^>]+data-focus", page)
        done = post(ann, f"/finance/suspense/{line}/decision", choice=choices(page)[0])
        assert "is booked on several claims" in done.text
        assert lines(units, "matched") == [line]

    def test_undoing_brings_the_line_back(self, units, colleagues, debtor):
        ann, _ = colleagues
        arrive(units, ann, ("B1", OF_ONE[0], "?"))
        [line] = lines(units)
        chosen = choices(ann.get(f"/finance/suspense/{line}").text)[0]
        done = post(ann, f"/finance/suspense/{line}/decision", choice=chosen)
        assert f'action="/finance/suspense/{line}/undo"' in done.text
        assert 'data-key="u"' in done.text
        back = post(ann, f"/finance/suspense/{line}/undo")
        assert "Taken back. The line waits again." in back.text
        assert lines(units) == [line]

    def test_refusing_goes_on_and_can_be_undone(self, units, colleagues, debtor):
        ann, _ = colleagues
        arrive(units, ann, ("B1", OF_ONE[0], "?"), ("B2", 1_234, "iets anders"))
        first, second = lines(units)
        refused = post(ann, f"/finance/suspense/{first}/refusal")
        assert refused.url.path.endswith(second)
        assert "none of the proposals" in refused.text
        assert choices(ann.get(f"/finance/suspense/{first}").text) == []
        back = post(ann, f"/finance/suspense/{first}/undo")
        assert back.url.path.endswith(first)
        assert choices(back.text)

    @pytest.mark.parametrize(
        "choice", ["", "x", "1.2.3", "a.b.c;d", "{key}.1", "{key}.-5", "{key}.1" + "0" * 30]
    )
    def test_what_is_no_proposal_is_refused(self, units, colleagues, debtor, choice):
        ann, _ = colleagues
        arrive(units, ann, ("B1", OF_ONE[0], "?"))
        [line] = lines(units)
        key = ".".join(map(str, debtor[0]))
        wrong = post(ann, f"/finance/suspense/{line}/decision", choice=choice.format(key=key))
        assert wrong.status_code == 409
        assert "choose one of the proposals" in wrong.text.lower()
        assert lines(units) == [line]


class TestGoingOn:
    def test_the_next_line_is_looked_at_again_with_what_was_just_decided(self, units, colleagues, debtor):
        ann, _ = colleagues
        arrive(units, ann, ("B1", OF_ONE[0], "?"), ("B2", OF_ONE[1], "?"))
        first, second = lines(units)
        assert "this account paid" not in ann.get(f"/finance/suspense/{second}").text
        chosen = choices(ann.get(f"/finance/suspense/{first}").text)[0]
        following = post(ann, f"/finance/suspense/{first}/decision", choice=chosen)
        assert "this account paid for this debtor before" in following.text
        assert str(debtor[1][1]) in choices(following.text)[0]
        assert str(debtor[0][1]) not in "".join(choices(following.text))

    def test_j_and_k_lead_through_the_lines_and_a_skipped_one_is_not_shown_again_at_once(
        self, units, colleagues, debtor
    ):
        ann, _ = colleagues
        arrive(units, ann, *((f"B{n}", OF_ONE[0] - n, f"regel {n}") for n in range(3)))
        first, second, third = lines(units)
        page = ann.get(f"/finance/suspense/{second}").text
        assert re.search(rf'href="/finance/suspense/{third}" data-key="j"', page)
        assert re.search(rf'href="/finance/suspense/{first}" data-key="k"', page)
        assert "2 of 3" in page
        done = post(ann, f"/finance/suspense/{second}/decision", choice=choices(page)[0])
        assert done.url.path.endswith(third)
        last = choices(done.text)[0]
        assert post(ann, f"/finance/suspense/{third}/decision", choice=last).url.path.endswith(first)

    def test_a_long_list_is_read_page_by_page(self, units, colleagues, monkeypatch):
        monkeypatch.setattr("portal.finance.suspense.SHOWN", 2)
        ann, _ = colleagues
        arrive(units, ann, *((f"B{n}", 1_000 + n, f"regel {n}") for n in range(3)))
        page = ann.get("/finance/suspense").text
        following = re.search(r'href="(/finance/suspense\?after=[^"]+)"', page)
        assert following
        assert "regel 2" not in page
        assert "regel 2" in ann.get(following[1]).text
        assert ann.get("/finance/suspense?after=x&done=y").status_code == 200

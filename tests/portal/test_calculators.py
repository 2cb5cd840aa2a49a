"""The public calculators: shareable answers with every step, errors beside their fields, no sign-in."""

import re
from html import unescape

import pytest

from portal import main
from portal.shared import calculators
from tests.portal.house import House

COSTS = "/calculators/costs?law=nl&debtor=consumer&on=2026-11-02"
INTEREST = "/calculators/interest?law=nl&kind=trade&principal=1000&first_day=2026-06-16&last_day=2026-07-15"


@pytest.fixture
def anybody(units, redis_url, data_folder, monkeypatch):
    """A browser that nobody is signed in with."""
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in", "portal.shared.calculators"))
    return House(units, folder=data_folder, redis_url=redis_url).client()


def text_of(page) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))


def error_at(page, field: str) -> str:
    found = re.search(rf'id="error-{field}">.*?</svg>([^<]+)<', page.text, re.DOTALL)
    return unescape(found[1]) if found else ""


class TestCosts:
    def test_opens_without_signing_in_with_a_day_filled_in(self, anybody, units):
        assert anybody.get("/calculators").headers["location"] == "/calculators/costs"
        page = anybody.get("/calculators/costs")
        assert page.status_code == 200
        assert re.search(r'name="on" type="date" value="20\d\d-\d\d-\d\d"', page.text)
        assert "No result yet" in page.text
        assert anybody.get("/sign-in").text.count('href="/calculators"') == 1

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("&principal=3500&vat=true", "€574.75"),  # P10 luxis test_wik
            ("&principal=100&principal_2=200", "€45.00"),  # S2 statute
            ("&principal=100&principal_2=100&principal_3=100", "€45.00"),
            ("&principal=1.000,00", "€150.00"),
            ("&principal=650&law=be", "€72.50"),  # P26 droitsquotidiens.be
            ("&principal=650&law=be&no_clause=true", "€0.00"),
            ("&principal=1000&law=uk&debtor=company", "£70.00"),  # P40 payontime, debtco
            ("&principal=1000&law=uk", "£0.00"),
        ],
    )
    def test_answers_with_the_sum_and_its_steps(self, anybody, query, expected):
        page = anybody.get(COSTS + query)
        assert page.status_code == 200, error_at(page, "principal")
        total = re.search(r'calculator-total">(.*?)</p>', page.text, re.DOTALL)
        assert total is not None
        assert expected in total[1]
        assert 'class="sums"' in page.text

    def test_shows_an_address_that_gives_the_same_answer_again(self, anybody):
        page = anybody.get(COSTS + "&principal=1000&utm_source=mail")
        address = unescape(re.search(r'id="field-address"[^>]*value="([^"]+)"', page.text)[1])
        again = anybody.get(address)
        assert again.text == page.text

    def test_speaks_dutch(self, anybody):
        anybody.cookies.delete("language")
        page = anybody.get(COSTS + "&principal=1000", headers={"accept-language": "nl"})
        assert "Uitkomst" in page.text
        assert "€\u00a0150,00" in page.text

    @pytest.mark.parametrize(
        ("query", "field", "words"),
        [
            ("&principal=", "principal", "Fill this in."),
            ("&principal=lots", "principal", "Give an amount, like 12.50."),
            ("&principal=0", "principal", "This is too small."),
            ("&principal=-5", "principal", "This is too small."),
            ("&principal=1000000001", "principal", "This is too large."),
            ("&principal=12,3456", "principal", "Write cents with two decimals: 1234,56."),
            ("&principal=1&principal_2=1,234", "principal_2", "Write cents with two decimals: 1234,56."),
            ("&principal=1&on=2010-01-01", "on", "No rule is known for this law on this day."),
            ("&principal=1&on=tomorrow", "on", "Give a date, like 2026-11-30."),
            ("&principal=1&on=0001-01-01", "on", "This is too small."),
            ("&principal=1&on=9999-12-31", "on", "This is too large."),
            ("&principal=1&law=fr", "law", "Choose one of the options."),
            ("&principal=1&debtor=cat", "debtor", "Choose one of the options."),
            ("&principal=1&vat=1", "vat", "Choose one of the options."),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, anybody, query, field, words):
        page = anybody.get(COSTS + query)
        assert page.status_code == 422
        assert error_at(page, field) == words
        assert "calculator-total" not in page.text

    def test_what_a_link_says_cannot_become_part_of_the_page(self, anybody):
        page = anybody.get(COSTS + "&principal=%22%3E%3Cscript%3E")
        assert "<script>" not in page.text.replace("<script src=", "")


class TestInterest:
    def test_opens_with_today_as_the_last_day(self, anybody, units):
        page = anybody.get("/calculators/interest")
        assert re.search(r'name="last_day" type="date" value="20\d\d-\d\d-\d\d"', page.text)

    def test_answers(self, anybody):
        """S10 statute."""
        assert "€8.45" in text_of(anybody.get(INTEREST))

    def test_leaves_out_interest_on_interest_when_asked(self, anybody):
        """Two full years at 7 and 6 per cent."""
        period = "&first_day=2024-01-02&last_day=2025-12-31"
        years = f"/calculators/interest?law=nl&kind=consumer&principal=5000{period}"
        raised, plain = text_of(anybody.get(years)), text_of(anybody.get(years + "&simple=true"))
        assert "€650.00" in plain
        assert "€650.00" not in raised

    @pytest.mark.parametrize(
        ("query", "field", "words"),
        [
            ("&law=uk&kind=civil", "kind", "This law has no interest of this kind."),
            ("&kind=contract", "kind", "Choose one of the options."),
            ("&first_day=1991-01-01", "first_day", "No rate is known for this day."),
            ("&last_day=", "last_day", "Fill this in."),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, anybody, query, field, words):
        page = anybody.get(INTEREST + query)
        assert page.status_code == 422
        assert error_at(page, field) == words


class TestLimits:
    def test_who_asks_too_often_has_to_wait(self, anybody, monkeypatch):
        monkeypatch.setattr(calculators, "PER_ADDRESS", type(calculators.PER_ADDRESS)(2))
        answers = [anybody.get(COSTS + "&principal=1000").status_code for _ in range(4)]
        assert answers == [200, 200, 429, 429]

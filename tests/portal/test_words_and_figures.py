"""Languages, amounts, forms, charts and build-ups: what pages are made of."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import Field

from agency.money import Money
from portal.shared import i18n
from portal.shared.charts import Point, chart
from portal.shared.explaining import Part, explanation
from portal.shared.forms import AmountField, FormModel, NoData, blank, submitted
from portal.shared.logos import LogoRefused, clean_logo
from portal.shared.navigation import DOORS, current_entry, door_of, doors_for
from portal.shared.rendering import Here, render

pytestmark = pytest.mark.pure
NBSP = "\u00a0"


class TestAmounts:
    @given(
        st.integers(-(10**12), 10**12),
        st.sampled_from(["EUR", "CHF", "JPY", "GBP", "BHD"]),
        st.sampled_from(["nl", "en"]),
    )
    def test_amounts_are_written_as_babel_writes_them(self, minor, currency, language):
        amount = Money(minor, currency)
        expected = format_currency(amount.decimal, currency, locale=i18n.LOCALES[language])
        if language == "en" and currency in ("CHF", "BHD"):
            # CLDR sets letters apart from digits (TR 35, currencySpacing); Babel does not do so yet.
            expected = expected.replace(currency, currency + NBSP)
        assert i18n.format_money(amount, language=language) == expected

    def test_dutch_amounts_stay_on_one_line(self):
        assert i18n.format_money(Money(1_234_567, "EUR"), language="nl") == f"€{NBSP}12.345,67"

    @given(
        st.integers(-(10**7), 10**7),
        st.sampled_from(["EUR", "JPY", "BHD"]),
        st.sampled_from(sorted(i18n.LANGUAGES)),
    )
    def test_what_stands_in_a_field_is_read_as_the_same_amount(self, minor, currency, language):
        amount = Money(minor, currency)
        with i18n.speaking(language):
            typed = i18n.typed_money(amount)
        assert (typed.count(","), typed.count(".")) in ((0, 0), (0, 1) if language == "en" else (1, 0))
        if minor >= 0 and currency != "BHD":  # a third decimal is asked about
            assert submitted(Sample, {"amount": typed, "day": "2026-11-02"}).data.amount == amount.decimal

    @pytest.mark.parametrize(("language", "text"), [("nl", f"12,5{NBSP}%"), ("en", "12.5%")])
    def test_basis_points_are_per_cents(self, language, text):
        with i18n.speaking(language):
            assert i18n.format_bps(1250) == text

    def test_moments_are_told_in_the_agencys_zone(self):
        with i18n.speaking("nl"):
            assert i18n.format_moment(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == "2 jul 2026 00:30"
            assert i18n.format_day(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == "2 jul 2026"

    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("12,5", "12.5"),
            (f"€{NBSP}7", "7"),
            ("1.234,567", "1234.567"),
        ],
    )
    def test_amounts_are_read_as_people_of_both_languages_write_them(self, text, amount):
        assert submitted(Sample, {"amount": text, "day": "2026-11-20"}).data.amount == Decimal(amount)

    @pytest.mark.parametrize("text", ["1.234", "1,234", "x", "1e5", "--3", "٣", "1.2.3", "9" * 5000 + "x"])
    def test_what_is_no_amount_or_could_mean_two_is_refused(self, text):
        assert "amount" in submitted(Sample, {"amount": text, "day": "2026-11-20"}).errors


class Sample(FormModel):
    amount: AmountField
    day: date
    note: str = Field(default="", max_length=5)
    who: UUID | None = None


class TestForms:
    def test_what_was_typed_stays_beside_what_is_wrong_with_it(self):
        form = submitted(Sample, {"amount": "12,50", "day": "30 november", "note": "too long", "csrf": "x"})
        assert form.value("day") == "30 november"
        assert form.errors == {"day": "Give a date, like 2026-11-30.", "note": "This is too long."}
        with pytest.raises(NoData):
            _ = form.data

    def test_an_unknown_field_is_refused(self):
        form = submitted(Sample, {"amount": "1", "day": "2026-11-20", "creditor_id": "x"})
        assert form.errors == {"creditor_id": "This form has no such field."}

    def test_empty_optional_fields_are_absent(self):
        assert submitted(Sample, {"amount": "1", "day": "2026-11-20", "who": ""}).data.who is None

    def test_a_blank_form_has_values_and_no_data(self):
        form = blank(note="x")
        assert (form.value("note"), form.value("amount"), form.errors) == ("x", "", {})

    def test_errors_are_shown_beside_their_field_and_tied_to_it(self):
        form = submitted(Sample, {"amount": "1.234", "day": ""})
        page = shown('{{ ui.field(form, "amount", "Amount", hint="Cents too") }}', form=form)
        assert 'aria-invalid="true"' in page
        assert 'aria-describedby="hint-amount error-amount"' in page
        assert 'id="error-amount"' in page
        assert 'value="1.234"' in page


class TestLanguage:
    @pytest.mark.parametrize(
        ("stored", "cookie", "accepted", "chosen"),
        [
            ("en", "nl", "nl", "en"),
            (None, "en", "nl", "en"),
            (None, "xx", "en-GB,en;q=0.9", "en"),
            (None, None, "fr-BE, nl;q=0.8, en;q=0.9", "fr"),
            (None, None, "pl-PL, nl;q=0.8, en;q=0.9", "en"),
            (None, None, "de;q=garbage", "nl"),
            (None, None, None, "nl"),
        ],
    )
    def test_the_closest_wish_counts(self, stored, cookie, accepted, chosen):
        assert i18n.choose_language(stored=stored, cookie=cookie, accepted=accepted) == chosen

    def test_the_language_of_one_page_does_not_leak_into_the_next(self):
        with i18n.speaking("en"):
            assert i18n.current_language() == "en"
        assert i18n.current_language() == "nl"


class TestComponents:
    def test_a_build_up_that_does_not_add_up_is_never_shown(self):
        with pytest.raises(AssertionError, match="adds up to"):
            explanation(total=Money(100, "EUR"), parts=[Part("Invoice", Money(99, "EUR"))])

    def test_names_are_escaped_everywhere(self):
        page = shown(
            '{{ ui.person(name) }}{{ ui.chip(name) }}{{ ui.header(name, crumbs=[(name, "/")]) }}',
            name="<img onerror=x>",
        )
        assert "<img" not in page
        assert page.count("&lt;img onerror=x&gt;") == 5

    def test_bars_are_as_high_as_their_values(self):
        drawn = chart(
            title="Collected",
            points=[Point("Jan", 50, "50"), Point("Feb", 100, "100"), Point("Mar", 0, "0")],
            write=str,
        )
        assert [mark.height for mark in drawn.marks] == [77, 154, 0]
        assert all(mark.y + mark.height == drawn.baseline for mark in drawn.marks)

    def test_an_empty_chart_is_just_empty(self):
        drawn = chart(title="Nothing", points=[], write=str)
        assert drawn.marks == ()
        assert [line.text for line in drawn.grid] == [""] * 4

    @pytest.mark.parametrize(("value", "texts"), [(90, ["50", "100"]), (1, ["", "1"]), (4, ["", "5"])])
    def test_lines_of_the_grid_say_what_they_stand_for(self, value, texts):
        drawn = chart(title="Collected", points=[Point("Jan", value, "")], write=str)
        assert [line.text for line in drawn.grid] == ["", texts[0], "", texts[1]]

    def test_a_chart_carries_its_figures_for_who_cannot_see_it(self):
        page = shown(
            "{{ ui.bars(c) }}", c=chart(title="Collected", points=[Point("Jan", 5, "€ 5,00")], write=str)
        )
        assert "<caption>Collected</caption>" in page
        assert "€ 5,00" in page


class TestNavigation:
    @pytest.mark.parametrize(
        ("path", "door", "entry"),
        [
            ("/admin", "admin", "/admin"),
            ("/admin/users/1", "admin", "/admin/users"),
            ("/desk/claims/1", "collector", "/desk/claims"),
            ("/creditor/placements/1", "creditor", "/creditor/placements/new"),
            ("/creditor/claims/new", "creditor", "/creditor/placements/new"),
            ("/creditor/claims/1", "creditor", "/creditor/claims"),
            ("/administration", None, None),
        ],
    )
    def test_an_address_belongs_to_its_menu_line(self, path, door, entry):
        found = door_of(path)
        assert (found.name if found else None) == door
        if found:
            assert current_entry(found, path).href == entry

    def test_people_see_the_doors_of_their_roles(self):
        assert [door.name for door in doors_for(frozenset({"finance", "admin"}))] == ["finance", "admin"]

    def test_a_menu_stays_short_as_it_is_a_strip_at_the_foot_of_a_phone(self):
        assert all(len(door.entries) <= 9 for door in DOORS)


def png(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + b"\0\0\0\rIHDR"
        + width.to_bytes(4)
        + height.to_bytes(4)
        + b"\x08\x06\0\0\0"
        + b"\0" * 20
    )


def jpeg(width: int, height: int) -> bytes:
    about = b"\xff\xe0\x00\x10JFIF\0" + b"\0" * 9
    frame = b"\xff\xc0\x00\x11\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x03" + b"\0" * 9
    return b"\xff\xd8" + about + frame + b"\xff\xd9"


class TestLogos:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG"])
    def test_png_and_jpeg_are_drawn_anew(self, kind):
        out = io.BytesIO()
        Image.new("RGB", (960, 200), "green").save(out, kind, comment=b"hidden")
        made = clean_logo(out.getvalue() + b"hidden behind it", on=date(2026, 11, 27))
        assert b"hidden" not in made
        assert Image.open(io.BytesIO(made)).size == (480, 100)
        assert made == clean_logo(out.getvalue(), on=date(2026, 11, 27))

    @pytest.mark.parametrize(
        "content",
        [
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            b"GIF89a" + b"\0" * 50,
            b"",
            png(50_000, 50_000),
            png(0, 10),
            png(10, 10)[:20],
            jpeg(60_000, 60_000),
            b"\xff\xd8\xff" + b"\0" * 50,
            b"\xff\xd8\xff\xe0\x00\x00" * 100,
            png(10, 10) + b"\0" * 1_000_001,
            png(400, 200),
            jpeg(400, 200),
        ],
    )
    def test_scripts_bombs_and_stumps_are_refused(self, content):
        with pytest.raises(LogoRefused):
            clean_logo(content, on=date(2026, 11, 27))


def shown(source: str, **values) -> str:
    """A scrap of template as it stands on a page."""
    from portal.shared.rendering import _here, environment

    here = Here(language="en")
    token = _here.set(here)
    try:
        with i18n.speaking("en"):
            return environment().from_string(source).render(values)
    finally:
        _here.reset(token)


def test_every_page_renders_in_every_language():
    for language in i18n.LANGUAGES:
        assert f'<html lang="{language}"' in render("plain.html", Here(language=language), {})

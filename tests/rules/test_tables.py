"""Tables of an operator: they replace the shipped ones, all or none, and no cache remembers the old ones."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files

import pytest

from agency.money import Money
from agency.rules.facts import InterestKind, Law
from agency.rules.interest import interest
from agency.rules.interest_column import interest_column
from agency.rules.rates import rate_on
from agency.rules.tables import BrokenTable, read_table, row_in_force, table_names, use_folder
from agency.rules.tables.shape import check_table

pytestmark = pytest.mark.pure

CONSUMER, TRADE = InterestKind.consumer, InterestKind.trade
NEXT_YEAR = date(2027, 2, 1)


@pytest.fixture(autouse=True)
def shipped_tables():
    yield
    use_folder(None)


def shipped(name: str) -> str:
    return files("agency.rules.tables").joinpath(f"{name}.toml").read_text(encoding="utf-8")


def with_row(name: str, row: str, until: str = "2027-06-30") -> str:
    return shipped(name).replace("confirmed_until = 2026-12-31", f"confirmed_until = {until}") + f"\n{row}\n"


def lay(folder, name: str, text: str):
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


NL_2027 = '[[rate]]\nsince = 2027-01-01\npercent = 10.65\nsource = "rijksoverheid.nl"'


def owed(first: date, last: date) -> Money:
    return interest(
        law=Law.nl, kind=TRADE, principal=Money(1_000_000, "EUR"), first_day=first, last_day=last
    ).amount


class TestReplacing:
    def test_a_new_row_counts_at_once_and_everywhere(self, tmp_path):
        """The rate, the plan of a debt and the sums of a column were all asked for before."""
        period = {"law": Law.nl, "kind": TRADE, "first_days": [NEXT_YEAR], "last_days": [NEXT_YEAR]}

        def all_of_it():
            return (
                rate_on(law=Law.nl, kind=TRADE, on=NEXT_YEAR).percent,
                owed(NEXT_YEAR, NEXT_YEAR).minor,
                interest_column(**period, principals=[1_000_000]),
            )

        before = all_of_it()
        assert before == (Decimal("10.40"), 285, [285])
        names = use_folder(lay(tmp_path, "rates_nl_trade", with_row("rates_nl_trade", NL_2027)))
        assert names == ("rates_nl_trade",)
        assert all_of_it() == (Decimal("10.65"), 292, [292])
        use_folder(None)
        assert all_of_it() == before

    def test_a_base_rate_carries_every_rate_on_it(self, tmp_path):
        row = '[[rate]]\nsince = 2027-01-01\npercent = 1.77\nsource = "Bundesbank"'
        use_folder(lay(tmp_path, "de_base_rate", with_row("de_base_rate", row)))
        assert rate_on(law=Law.de, kind=CONSUMER, on=NEXT_YEAR).percent == Decimal("6.77")
        assert rate_on(law=Law.de, kind=TRADE, on=NEXT_YEAR).percent == Decimal("10.77")

    def test_no_cache_of_the_rules_outlives_a_table(self, tmp_path):
        owed(date(2026, 1, 1), date(2026, 2, 1))
        use_folder(tmp_path)
        filled = [
            f"{name}.{value.__name__}"
            for name, module in sys.modules.items()
            if name.startswith("agency.rules")
            for value in vars(module).values()
            if hasattr(value, "cache_info") and value.cache_info().currsize
        ]
        # The names of the shipped files were read to know which names there are.
        assert filled == []

    def test_other_files_in_the_folder_are_left_alone(self, tmp_path):
        (tmp_path / "README.md").write_text("where the rates come from")
        assert use_folder(tmp_path) == ()

    @pytest.mark.parametrize("name", table_names(""))
    def test_a_copy_of_a_shipped_table_is_always_right(self, tmp_path, name):
        assert use_folder(lay(tmp_path, name, shipped(name))) == (name,)

    @pytest.mark.parametrize("percent", ["50", "-5"])
    def test_a_rate_at_the_edge_of_what_can_be_is_read(self, tmp_path, percent):
        lay(tmp_path, "rates_nl_trade", with_row("rates_nl_trade", row(percent=percent)))
        assert use_folder(tmp_path) == ("rates_nl_trade",)

    def test_a_row_may_carry_a_note_and_a_doubt(self, tmp_path):
        row = NL_2027 + '\nnote = "heard on the phone"\ndoubt = "memory"'
        use_folder(lay(tmp_path, "rates_nl_trade", with_row("rates_nl_trade", row)))
        assert rate_on(law=Law.nl, kind=TRADE, on=NEXT_YEAR).doubt == "memory"


def row(**changes: str) -> str:
    fields = {"since": "2027-01-01", "percent": "10.65", "source": '"rijksoverheid.nl"'} | changes
    return "[[rate]]\n" + "\n".join(f"{name} = {value}" for name, value in fields.items() if value)


class TestRefusing:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (row(source=""), r"rates_nl_trade\.toml, rate 34: source is missing"),
            (row(source='" "'), "rate 34: source is empty"),
            (row(since=""), "rate 34: since is missing"),
            (row(percent='"10.65"'), "rate 34: percent is no number: '10.65'"),
            (row(percent="nan"), "rate 34: percent is no number"),
            (row(percent="true"), "rate 34: percent is no number"),
            (row(percent="1065"), "rate 34: percent 1065 is no yearly rate"),
            (row(percent="50.01"), "no yearly rate"),
            (row(percent="-5.01"), "no yearly rate"),
            (row(since='"2027-01-01"'), "rate 34: since is no day"),
            (row(since="2027-01-01T00:00:00"), "rate 34: since is no day"),
            (row(procent="4"), "rate 34: unknown field procent"),
            (row(doubt='"perhaps"'), "rate 34: doubt is one of derived, conflict, memory"),
            (row(note="4"), "rate 34: note is no text"),
            (row(since="2026-07-01"), "rate 34: since 2026-07-01 overlaps the row before it"),
            (row(since="2026-06-30"), "rate 34: since 2026-06-30 is not in order"),
            (row(since="2027-07-01"), "confirmed_until is before 2027-07-01"),
        ],
    )
    def test_names_file_row_and_field(self, tmp_path, text, reason):
        lay(tmp_path, "rates_nl_trade", with_row("rates_nl_trade", text))
        with pytest.raises(BrokenTable, match=reason):
            use_folder(tmp_path)

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ('law = "nl"', 'law = "be"', "law stays as shipped: 'nl'"),
            ('kinds = ["trade"]', 'kinds = ["civil"]', "kinds stays as shipped"),
            ('title = "Wettelijke handelsrente"', "", "rates_nl_trade.toml: title is missing"),
            ('law = "nl"', 'law = "nl"\nfixed_for_debt = true', "unknown field fixed_for_debt"),
            ("confirmed_until = 2026-12-31", "confirmed_until = 2026-12-30", "before 2026-12-31"),
            ("since = 2002-08-08", "since = 2002-08-09", "rate 1: since 2002-08-09 leaves out rows"),
            ("[[rate]]", "[[", "not to be read as TOML"),
        ],
    )
    def test_names_what_is_wrong_with_the_table(self, tmp_path, old, new, reason):
        lay(tmp_path, "rates_nl_trade", shipped("rates_nl_trade").replace(old, new, 1))
        with pytest.raises(BrokenTable, match=reason):
            use_folder(tmp_path)

    @pytest.mark.parametrize(
        ("rows", "reason"), [("rate = []", "no row of rate"), ("rate = [4]", "not a row")]
    )
    def test_refuses_a_table_without_rows(self, tmp_path, rows, reason):
        head = shipped("rates_nl_trade").split("[[rate]]")[0]
        with pytest.raises(BrokenTable, match=reason):
            use_folder(lay(tmp_path, "rates_nl_trade", head + rows))

    def test_looks_into_the_slices_of_a_scale_too(self, tmp_path):
        text = shipped("costs").replace("percent = 15 }", 'percent = "15" }', 1)
        assert text != shipped("costs")
        with pytest.raises(BrokenTable, match=r"costs\.toml, scale 1, slices 1: percent is no number"):
            use_folder(lay(tmp_path, "costs", text))

    def test_refuses_a_name_that_no_table_has(self, tmp_path):
        with pytest.raises(BrokenTable, match=r"rates_nl_trades\.toml: no table has this name"):
            use_folder(lay(tmp_path, "rates_nl_trades", shipped("rates_nl_trade")))

    def test_refuses_what_is_not_text(self, tmp_path):
        (tmp_path / "rates_nl_trade.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(BrokenTable, match="not to be read"):
            use_folder(tmp_path)

    def test_refuses_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(BrokenTable, match="no folder of tables"):
            use_folder(tmp_path / "tabels")

    def test_one_wrong_table_keeps_all_of_them_out(self, tmp_path):
        lay(tmp_path, "de_base_rate", with_row("de_base_rate", NL_2027))
        lay(tmp_path, "rates_nl_trade", with_row("rates_nl_trade", row(source="")))
        with pytest.raises(BrokenTable):
            use_folder(tmp_path)
        assert rate_on(law=Law.de, kind=TRADE, on=NEXT_YEAR).percent == Decimal("10.52")

    def test_the_tables_in_use_stay_when_new_ones_are_refused(self, tmp_path):
        first, second = tmp_path / "first", tmp_path / "second"
        first.mkdir()
        second.mkdir()
        use_folder(lay(first, "rates_nl_trade", with_row("rates_nl_trade", NL_2027)))
        with pytest.raises(BrokenTable):
            use_folder(lay(second, "rates_nl_trade", with_row("rates_nl_trade", row(since=""))))
        assert rate_on(law=Law.nl, kind=TRADE, on=NEXT_YEAR).percent == Decimal("10.65")


def test_the_row_in_force_is_the_latest_that_has_begun():
    rows = [{"since": date(2026, 1, 1), "n": 1}, {"since": date(2025, 1, 1), "n": 2}]
    assert row_in_force(rows, date(2026, 1, 1)) == rows[0]
    assert row_in_force(rows, date(2025, 12, 31)) == rows[1]
    assert row_in_force(rows, date(2024, 12, 31)) is None


def test_numbers_with_a_point_are_exact():
    assert read_table("rates_nl_trade")["rate"][-1]["percent"] == Decimal("10.40")


class TestShape:
    """What is checked of any table, on small ones."""

    ROW = {"since": date(2026, 1, 1), "percent": Decimal(2), "source": "law"}  # noqa: RUF012

    def checked(self, content, like) -> str:
        try:
            check_table("table", content, like=like)
        except BrokenTable as broken:
            return str(broken)
        return ""

    @pytest.mark.parametrize("series", ["rate", "points"])
    def test_both_series_are_yearly_rates_in_order(self, series):
        like = {series: [self.ROW]}
        assert self.checked({series: [self.ROW | {"percent": Decimal(104)}]}, like).endswith("no yearly rate")
        assert self.checked({series: [self.ROW, self.ROW]}, like).endswith("overlaps the row before it")

    @pytest.mark.parametrize("field", ["law", "kinds", "base", "ordinary"])
    def test_what_a_table_rests_on_stays(self, field):
        refusal = self.checked({field: "other"}, {field: "shipped"})
        assert refusal == f"table: {field} stays as shipped: 'shipped'"

    @pytest.mark.parametrize(("field", "text"), [("note", "heard"), ("doubt", "memory")])
    def test_any_row_may_carry_a_remark(self, field, text):
        like = {"scale": [{"source": "law"}]}
        assert self.checked({"scale": [{"source": "law", field: text}]}, like) == ""
        assert "is no text" in self.checked({"scale": [{"source": "law", field: 4}]}, like)
        assert self.checked(like, {"scale": [{"source": "law", field: text}]}) == ""

    @pytest.mark.parametrize(
        ("shipped", "kind"),
        [
            (4, "number"), ("4", "text"), (date(2026, 1, 1), "day"),
            (datetime(2026, 1, 1, tzinfo=UTC), "moment"), (True, "yes or no"),
            ([4], "list"), ({"a": 4}, "group"),
        ],
    )  # fmt: skip
    def test_a_value_of_another_kind_is_named(self, shipped, kind):
        other = "text" if kind != "text" else 4
        assert self.checked({"field": other}, {"field": shipped}) == f"table: field is no {kind}: {other!r}"

"""B1 to B3, B8: which lines of a file are booked already, and what two statements are to each other."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agency.money import Money
from agency.rules.same_line import Period, ToldLine, sort_out

pytestmark = pytest.mark.pure

DAY = date(2026, 11, 20)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
IBAN, OTHER_IBAN = "NL86INGB0002445588", "BE68539007547034"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def line(minor: int = 100, **more) -> ToldLine:
    """A line of a file in a format of its own, which names nothing."""
    return ToldLine(**({"key": "", "day": DAY, "amount": eur(minor), "format": "camt"} | more))


def booked(minor: int = 100, **more) -> ToldLine:
    return line(minor, **({"format": "MT940", "statement": 1} | more))


def period(opening: int, closing: int, closes_on: date | None = DAY) -> Period:
    return Period(eur(opening), eur(closing), closes_on)


def found(told, known, mine: Period = Period(), theirs: Period = Period()):
    return sort_out(told=told, booked=known, period=mine, periods={1: theirs})


def known(told, lines, mine: Period = Period(), theirs: Period = Period()) -> dict[int, int]:
    return dict(found(told, lines, mine, theirs).known)


class TestOneStatementInAnotherDress:
    ENDS = period(0, 100)

    def test_is_the_same_however_it_words_its_lines(self):
        told, lines = [line(iban=IBAN)], [booked(iban=OTHER_IBAN)]
        assert known(told, lines, self.ENDS, self.ENDS) == {0: 0}
        assert known(told, lines) == {}, "without balances the accounts speak against it"

    @pytest.mark.parametrize(
        "other", [period(1, 100), period(0, 101), period(0, 100, AFTER), Period(eur(0), None, DAY)]
    )
    def test_other_ends_are_another_statement(self, other):
        assert known([line(iban=IBAN)], [booked(iban=OTHER_IBAN)], self.ENDS, other) == {}

    def test_other_amounts_are_another_statement(self):
        ends = period(0, 300)
        told = [line(100, iban=IBAN), line(200)]
        assert known(told, [booked(100, iban=OTHER_IBAN), booked(200)], ends, ends) == {0: 0, 1: 1}
        assert known(told, [booked(100, iban=OTHER_IBAN), booked(150), booked(50)], ends, ends) == {}

    def test_two_equal_lines_are_not_one(self):
        ends = period(0, 200)
        told = [line(100, iban=IBAN), line(100, iban=IBAN)]
        assert known(told, [booked(100, iban=OTHER_IBAN), booked(50), booked(50)], ends, ends) == {}
        assert known(told, [booked(100, iban=OTHER_IBAN)] * 2, ends, ends) == {0: 0, 1: 1}

    def test_a_collective_entry_counts_as_one(self):
        """Some formats tell only its sum; the details of it and the entry itself are one statement."""
        ends = period(0, 350)
        details = [line(100, batch="B"), line(200, batch="B"), line(50, iban=IBAN)]
        whole = [booked(300), booked(50, iban=OTHER_IBAN)]
        assert known(details, whole, ends, ends) == {2: 1}
        assert dict(found(details, whole, ends, ends).parts) == {0: (0, 1)}
        twice = [booked(150), booked(150), booked(50, iban=OTHER_IBAN)]
        assert known(details, twice, ends, ends) == {}, "two entries are not one of their sum"

    def test_two_collective_entries_of_a_day_are_two(self):
        ends = period(0, 650)
        details = [line(100, batch="B"), line(200, batch="B"), line(300, batch="C"), line(50, iban=IBAN)]
        wholes = [booked(300), booked(300), booked(50, iban=OTHER_IBAN)]
        assert known(details, wholes, ends, ends)[3] == 2
        assert known(details, [booked(600), wholes[2]], ends, ends) == {}

    @pytest.mark.parametrize(
        ("mine", "theirs", "format", "same"),
        [
            ("E1", "E2", "camt", False),  # sent back and paid again between the same balances
            ("E1", "e-1", "camt", True),
            ("E1", "E2", "MT940", True),  # another format may name them as it likes
            ("E1", "", "camt", True),
            ("", "E2", "camt", True),
        ],
    )
    def test_in_one_format_other_names_are_other_payments(self, mine, theirs, format, same):
        told = [line(end_to_end=mine, iban=IBAN)]
        lines = [booked(end_to_end=theirs, iban=OTHER_IBAN, format=format)]
        assert known(told, lines, self.ENDS, self.ENDS) == ({0: 0} if same else {})


class TestOneStatementBehindAnother:
    """What opens where another closes tells what came after it, also when it looks the same."""

    def test_nothing_of_it_is_known_from_there(self):
        assert known([line(day=AFTER)], [booked(day=DAY)], period(100, 200, AFTER), period(0, 100)) == {}
        assert known([line()], [booked()], period(100, 200), period(0, 100)) == {}

    def test_nor_of_one_that_it_goes_before(self):
        assert known([line()], [booked()], period(0, 100), period(100, 200)) == {}

    def test_balances_that_meet_otherwise_say_nothing(self):
        assert known([line()], [booked()], period(50, 150), period(0, 100)) == {0: 0}

    @pytest.mark.parametrize("closes_on", [None, AFTER])
    def test_a_statement_that_ends_later_does_not_go_before(self, closes_on):
        assert known([line()], [booked()], period(100, 200), period(0, 100, closes_on)) == {0: 0}

    def test_it_may_end_on_the_day_on_which_the_other_begins_or_before(self):
        assert known([line()], [booked()], period(100, 200), period(0, 100, DAY)) == {}
        assert known([line()], [booked()], period(100, 200), period(0, 100, BEFORE)) == {}

    @pytest.mark.parametrize(
        ("told", "lines", "same"),
        [
            ([10, -10], [10, -10, 5], {0: 0, 1: 1}),  # a part of the day that comes to nothing
            ([10, -10, 5], [10, -10], {0: 0, 1: 1}),
            ([10, -10], [10, -10], {0: 0, 1: 1}),
            ([10, -10, 5], [10, -10, 7], {}),  # neither is in the other
            ([10, -5], [10, -5, 5], {}),  # comes to something
        ],
    )
    def test_balances_may_meet_by_chance_within_a_day(self, told, lines, same):
        both = known(
            [line(minor) for minor in told], [booked(minor) for minor in lines],
            period(0, sum(told)), period(-sum(lines), 0),
        )  # fmt: skip
        assert both == same

    def test_a_statement_without_lines_goes_before_nothing(self):
        assert known([], [booked()], period(100, 100), period(0, 100)) == {}


class TestWhatIdentifiesALine:
    @pytest.mark.parametrize(
        "facts",
        [
            {"key": "k"},
            {"bank_ref": "B1"},
            {"end_to_end": "E1", "iban": IBAN},
            {"end_to_end": "E1"},
            {"reference": "RF18", "iban": IBAN},
            {"reference": "RF18"},
            {"iban": IBAN, "text": "factuur 42"},
            {"iban": IBAN},
            {"text": "factuur 42"},
        ],
    )
    def test_pairs_it_with_its_own_and_not_with_the_one_before_it(self, facts):
        lines = [booked(), booked(**facts)]
        assert known([line(**facts)], lines) == {0: 1}
        assert known([line(**facts), line()], lines) == {0: 1, 1: 0}

    def test_the_stronger_fact_decides(self):
        lines = [booked(text="factuur 42"), booked(bank_ref="B1")]
        assert known([line(bank_ref="B1", text="factuur 42")], lines) == {0: 1}

    def test_part_of_a_pair_of_facts_is_not_the_pair(self):
        lines = [booked(end_to_end="E1"), booked(end_to_end="E1", iban=IBAN)]
        assert known([line(end_to_end="E1", iban=IBAN)], lines) == {0: 1}

    def test_a_readers_key_needs_no_agreement(self):
        assert known([line(key="k", iban=IBAN)], [booked(key="k", iban=OTHER_IBAN)]) == {0: 0}

    @pytest.mark.parametrize("facts", [{"amount": eur(101)}, {"day": AFTER}])
    def test_another_day_or_amount_is_another_line(self, facts):
        assert known([line()], [replace(booked(), **facts)]) == {}

    def test_b8_the_second_of_two_that_look_alike_finds_no_partner(self):
        assert known([line(), line()], [booked()]) == {0: 0}


class TestWhatSpeaksAgainst:
    @pytest.mark.parametrize(
        ("mine", "theirs"),
        [
            ({"iban": IBAN}, {"iban": OTHER_IBAN}),
            ({"end_to_end": "E1"}, {"end_to_end": "E2"}),
            ({"reference": "RF18"}, {"reference": "RF19"}),
            ({"bank_ref": "B1", "format": "MT940"}, {"bank_ref": "B2"}),
            ({"text": "rent", "format": "MT940"}, {"text": "wages"}),
            ({"text": "rent"}, {"text": "wages"}),
        ],
    )
    def test_two_that_name_different_things(self, mine, theirs):
        assert known([line(**mine)], [booked(**theirs)]) == {}

    @pytest.mark.parametrize(
        ("mine", "theirs"),
        [
            ({"bank_ref": "B1"}, {"bank_ref": "B2"}),  # formats number for themselves
            ({"iban": "0002445588"}, {"iban": IBAN}),
            ({"iban": IBAN}, {"iban": "2445588"}),
            ({"iban": IBAN}, {}),
            ({}, {"iban": IBAN}),
            ({"end_to_end": "E1"}, {}),
            ({"text": "rent of May"}, {"text": "RENT of may, and more", "format": "camt"}),
            ({"text": "rent of May and more"}, {"text": "rent of may", "format": "camt"}),
            ({"text": "rent"}, {"format": "camt"}),
            ({}, {"text": "rent", "format": "camt"}),
        ],
    )
    def test_not_what_is_silent_or_cut(self, mine, theirs):
        assert known([line(**mine)], [booked(**theirs)]) == {0: 0}

    @pytest.mark.parametrize("fact", ["bank_ref", "end_to_end", "reference", "iban"])
    def test_other_words_do_not_where_something_identifies_it(self, fact):
        told, lines = line(text="rent", **{fact: "A-1"}), booked(text="wages", **{fact: "a1"})
        assert known([told], [lines]) == {0: 0}
        assert known([replace(told, format="MT940")], [lines]) == {}, "one format words a line once"


class TestCollectiveEntries:
    def test_a_sum_is_known_by_the_details_that_were_booked(self):
        details = [booked(100, batch="B"), booked(200, batch="B")]
        assert known([line(300)], details) == {0: 1}
        assert known([line(300), line(300)], details) == {0: 1}

    def test_details_explain_a_sum_that_was_booked(self):
        details = [line(100, batch="B"), line(200, batch="B")]
        sorted_out = found(details, [booked(300)])
        assert (dict(sorted_out.known), dict(sorted_out.parts)) == ({}, {0: (0, 1)})

    def test_so_does_one_detail_that_names_another_payment_than_its_entry(self):
        detail = line(100, batch="B", end_to_end="SEPA-1")
        assert dict(found([detail], [booked(100, end_to_end="BATCH-1")]).parts) == {0: (0,)}

    def test_each_sum_is_explained_once(self):
        details = [line(100, batch="B"), line(200, batch="B"), line(50, batch="C"), line(250, batch="C")]
        assert dict(found(details, [booked(300)]).parts) == {0: (0, 1)}
        assert dict(found(details, [booked(300), booked(300)]).parts) == {0: (0, 1), 1: (2, 3)}

    def test_a_sum_with_an_account_on_its_other_side_is_one_payment(self):
        details = [line(100, batch="B"), line(200, batch="B")]
        assert dict(found(details, [booked(300, iban=IBAN)]).parts) == {}
        assert known([line(300, iban=IBAN)], [booked(100, batch="B"), booked(200, batch="B")]) == {}

    def test_half_of_an_entry_explains_nothing(self):
        details = [line(100, batch="B", key="k"), line(200, batch="B")]
        assert dict(found(details, [booked(200), booked(100, key="k")]).parts) == {}

    @pytest.mark.parametrize(
        ("mine", "theirs", "format", "explains"),
        [("B1", "B1", "camt", True), ("B1", "B2", "camt", False), ("B1", "B2", "MT940", True),
         ("", "B2", "camt", True)],
    )  # fmt: skip
    def test_within_a_format_the_banks_reference_must_not_differ(self, mine, theirs, format, explains):
        details = [line(100, batch="B", bank_ref=mine), line(200, batch="B", bank_ref=mine)]
        whole = booked(300, bank_ref=theirs, format=format)
        assert dict(found(details, [whole]).parts) == ({0: (0, 1)} if explains else {})


class TestADayInManyStatements:
    """Each of them holds one line; the first and the last look the same."""

    def sorted_out(self, told, mine):
        lines = [booked(100, text="rent"), booked(50, statement=2), booked(30, statement=3)]
        periods = {1: period(0, 100), 2: period(100, 150), 3: period(150, 180)}
        return dict(sort_out(told=told, booked=lines, period=mine, periods=periods).known)

    def test_what_goes_on_from_the_last_is_new_however_it_looks(self):
        assert self.sorted_out([line(100, text="rent")], period(180, 280)) == {}
        assert self.sorted_out([line(100, text="rent")], period(150, 250)) == {}, "nothing of it is there"
        both = [line(100, text="rent"), line(30)]
        assert self.sorted_out(both, period(150, 280)) == {0: 0, 1: 2}, "one that begins there may be in it"
        assert self.sorted_out([line(100, text="rent")], Period(None, eur(280), DAY)) == {0: 0}

    def test_what_leads_to_the_first_is_new_too(self):
        assert self.sorted_out([line(30)], period(-30, 0)) == {}
        assert self.sorted_out([line(100, text="rent")], period(50, 150)) == {0: 0}, "another one ends there"

    def test_what_stands_beside_it_is_another_also_where_one_goes_on_there_already(self):
        assert self.sorted_out([line(50)], period(150, 200)) == {}
        assert self.sorted_out([line(50)], period(50, 100)) == {}

    def test_one_that_covers_them_tells_nothing_new(self):
        told = [line(100, text="rent"), line(50), line(30)]
        assert self.sorted_out(told, period(0, 180)) == {0: 0, 1: 1, 2: 2}

    @pytest.mark.parametrize(
        ("mine", "next_to_it", "around_it"),
        [
            (period(100, 200), period(0, 100), period(100, 230)),
            (period(0, 100), period(100, 200), period(-30, 100)),
        ],
    )
    def test_what_is_in_one_is_not_in_its_neighbour(self, mine, next_to_it, around_it):
        lines = [booked(100), booked(100, statement=2), booked(30, statement=2)]
        found = sort_out(told=[line(100)], booked=lines, period=mine, periods={1: next_to_it, 2: around_it})
        assert found.known == {0: 1}

    def test_a_chain_that_is_broken_says_nothing(self):
        assert self.sorted_out([line(100, text="rent")], period(190, 290)) == {0: 0}
        assert self.sorted_out([line(50)], period(180, 230)) == {}

    def test_told_again_in_another_dress_it_is_known(self):
        assert self.sorted_out([line(30, text="other words")], period(150, 180)) == {0: 2}


class TestTheSameBalancesTwice:
    """A payment of 100, the same amount out, and in again between the same balances."""

    def sorted_out(self, iban, *, first=IBAN, back=period(100, 0), names=("", "")):
        lines = [booked(100, iban=first, end_to_end=names[0]), booked(-100, statement=2)]
        periods = {1: period(0, 100), 2: back}
        told = [line(100, iban=iban, end_to_end=names[1], text="other words")]
        return dict(sort_out(told=told, booked=lines, period=period(0, 100), periods=periods).known)

    def test_from_another_account_it_is_another_payment(self):
        assert self.sorted_out(OTHER_IBAN) == {}

    @pytest.mark.parametrize(
        ("names", "known"), [(("E1", "E2"), {}), (("E1", "e-1"), {0: 0}), (("E1", ""), {0: 0})]
    )
    def test_under_another_name_it_is_another_payment(self, names, known):
        """The payer whose bank took it back pays again."""
        assert self.sorted_out(IBAN, names=names) == known
        assert self.sorted_out(IBAN, names=names, back=period(50, -50)) == {0: 0}

    @pytest.mark.parametrize("iban", [IBAN, "", "2445588", "539007547034"])
    def test_otherwise_it_is_the_first_in_another_dress(self, iban):
        """Also where a format does not give the whole account."""
        assert self.sorted_out(iban) == {0: 0}
        assert self.sorted_out(OTHER_IBAN, first="") == {0: 0}

    def test_so_it_is_where_nothing_says_that_the_balance_came_back(self):
        assert self.sorted_out(OTHER_IBAN, back=period(50, -50)) == {0: 0}

    def test_what_goes_on_from_there_with_other_amounts_is_new_however_it_looks(self):
        """The balance was there before; the statement that began there tells nothing of this one."""
        lines = [
            booked(7, iban=IBAN),
            booked(93, statement=2),
            booked(-60, statement=3),
            booked(60, statement=4),
        ]
        periods = {1: period(0, 7), 2: period(7, 100), 3: period(100, 40), 4: period(40, 100)}
        told = [line(7, iban=IBAN, text="other words")]

        def sorted_out(mine):
            return dict(sort_out(told=told, booked=lines, period=mine, periods=periods).known)

        assert sorted_out(period(100, 107)) == {}
        assert sorted_out(period(200, 207)) == {0: 0}, "nothing says when that was"

    def test_the_other_way_round(self):
        """The first of the two is brought last."""
        lines = [booked(-100, statement=1), booked(100, statement=2, iban=OTHER_IBAN)]
        periods = {1: period(100, 0), 2: period(0, 100)}
        told = [line(100, iban=IBAN)]
        assert sort_out(told=told, booked=lines, period=period(0, 100), periods=periods).known == {}

"""When a creditor is paid and what of the money; VAT of a document; which invoices a payment paid."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency.money import Money, percent_of
from agency.rules.fee_agreement import check_fee, free_demand_fee, offer_fee, withdrawal_fee
from agency.rules.invoice_shares import OpenInvoice, invoice_shares
from agency.rules.payout import PayoutCycle, PayoutTerms, checks_due, payout_due, split_payout
from agency.rules.vat_rounding import vat_corrections
from tests.rules.explainable import assert_explains

pytestmark = pytest.mark.pure

THURSDAY = date(2026, 11, 26)
ZERO = Money(0, "EUR")
minors = st.integers(-(10**8), 10**8)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def terms(cycle: str, day: int = 1, least: int = 0) -> PayoutTerms:
    return PayoutTerms(PayoutCycle(cycle), day, eur(least))


@pytest.mark.parametrize(
    ("checked", "cutoff", "due"),
    [
        (date(2026, 11, 1), date(2026, 11, 30), False),
        (date(2026, 11, 30), date(2026, 12, 1), True),
        (date(2026, 12, 31), date(2027, 1, 1), True),
        (date(2027, 1, 1), date(2027, 1, 31), False),
    ],
)
def test_checks_are_invoiced_alone_when_their_month_is_over(checked, cutoff, due):
    assert checks_due(checked_on=checked, cutoff_on=cutoff) is due


class TestDueDay:
    @pytest.mark.parametrize(
        ("agreed", "cutoff", "last", "due"),
        [
            (terms("daily"), THURSDAY, THURSDAY - timedelta(1), True),
            (terms("daily"), THURSDAY, THURSDAY, False),
            (terms("weekly", 4), THURSDAY, THURSDAY - timedelta(7), True),
            (terms("weekly", 4), THURSDAY, THURSDAY - timedelta(1), True),
            (terms("weekly", 5), THURSDAY, THURSDAY - timedelta(6), False),
            (terms("weekly", 3), THURSDAY, THURSDAY - timedelta(1), False),
            (terms("weekly", 3), THURSDAY, THURSDAY - timedelta(2), True),
            (terms("monthly", 26), THURSDAY, date(2026, 10, 26), True),
            (terms("monthly", 27), THURSDAY, date(2026, 10, 27), False),
            (terms("monthly", 31), date(2026, 11, 30), date(2026, 10, 31), True),
            (terms("monthly", 31), date(2026, 3, 1), date(2026, 1, 31), True),
            (terms("threshold"), THURSDAY, None, True),
        ],
    )
    def test_is_the_agreed_one_or_the_next_after_a_missed_one(self, agreed, cutoff, last, due):
        assert payout_due(agreed, cutoff_on=cutoff, last_on=last, payable=eur(1)) is due

    @pytest.mark.parametrize(("payable", "due"), [(9_999, False), (10_000, True), (0, True)])
    def test_waits_for_the_agreed_least_but_fees_alone_do_not(self, payable, due):
        agreed = terms("threshold", least=10_000)
        assert payout_due(agreed, cutoff_on=THURSDAY, last_on=None, payable=eur(payable)) is due

    @given(
        st.sampled_from(PayoutCycle), st.integers(1, 7), st.lists(st.integers(0, 9), min_size=60, max_size=60)
    )
    def test_nobody_is_paid_twice_for_one_agreed_day(self, cycle, day, gaps):
        """Whatever days somebody drafts on, at most one payout follows each agreed day."""
        agreed, on, last, paid = PayoutTerms(cycle, day, ZERO), THURSDAY, None, 0
        for gap in gaps:
            on += timedelta(gap)
            if payout_due(agreed, cutoff_on=on, last_on=last, payable=eur(1)):
                last, paid = on, paid + 1
        span = (on - THURSDAY).days
        most = {"weekly": span // 7 + 2, "monthly": span // 28 + 2}.get(cycle, span + 1)
        assert 1 <= paid <= most


class TestSplit:
    @pytest.mark.parametrize(
        ("mode", "collected", "fee", "direct", "withheld", "invoiced", "net"),
        [
            ("net", 100_000, 12_100, 0, 12_100, 0, 87_900),
            ("net", 100_000, 12_100, 6_050, 18_150, 0, 81_850),
            ("net", 5_000, 605, 12_100, 5_000, 7_705, 0),
            ("combined", 100_000, 12_100, 6_050, 12_100, 6_050, 87_900),
            ("gross", 100_000, 12_100, 6_050, 0, 18_150, 100_000),
            ("net", 0, 0, 6_050, 0, 6_050, 0),
            ("net", 20_000, -5_000, 0, -5_000, 0, 25_000),
        ],
    )
    def test_keeps_what_was_agreed_and_invoices_the_rest(
        self, mode, collected, fee, direct, withheld, invoiced, net
    ):
        found = split_payout(
            mode=mode, collected=eur(collected), fee_on_collected=eur(fee), fee_on_direct=eur(direct)
        )
        assert (found.withheld, found.invoiced, found.net) == (eur(withheld), eur(invoiced), eur(net))

    def test_a_shortfall_waits(self):
        """A14: what was paid out and taken back is made good before anything leaves."""
        found = split_payout(mode="gross", collected=eur(-1), fee_on_collected=ZERO, fee_on_direct=eur(500))
        assert found is None

    def test_an_unknown_mode_is_refused(self):
        with pytest.raises(ValueError, match="weekly"):
            split_payout(mode="weekly", collected=ZERO, fee_on_collected=ZERO, fee_on_direct=ZERO)

    @given(st.sampled_from(["net", "gross", "combined"]), minors, minors, minors)
    def test_no_cent_is_lost_and_nothing_is_paid_out_of_nothing(self, mode, collected, fee, direct):
        found = split_payout(
            mode=mode, collected=eur(collected), fee_on_collected=eur(fee), fee_on_direct=eur(direct)
        )
        if collected < 0:
            assert found is None
            return
        assert found.withheld + found.net == eur(collected)
        assert found.withheld + found.invoiced == eur(fee + direct)
        assert found.net >= ZERO


class TestVatOfADocument:
    @given(
        st.lists(st.integers(1, 10**6), min_size=1, max_size=300),
        st.sampled_from(["21", "9", "0", "19"]),
        st.sampled_from([1, -1]),
    )
    def test_is_rounded_once_and_no_line_moves_by_more_than_needed(self, amounts, percent, sign):
        rate = Decimal(percent)
        nets = [eur(sign * minor) for minor in amounts]
        vats = [percent_of(net, rate) for net in nets]
        corrected = [vat + cents for vat, cents in
                     zip(vats, vat_corrections(nets=nets, vats=vats, percent=rate), strict=True)]  # fmt: skip
        whole = percent_of(Money.total(nets, "EUR"), rate)
        assert Money.total(corrected, "EUR") == whole
        assert all(
            abs(after.minor - before.minor) <= 1 for after, before in zip(corrected, vats, strict=True)
        )

    def test_of_a_thousand_small_fees_differs_from_the_sum_of_roundings(self):
        """1,000 fees of 0.02: each rounds to nothing, together they bear 4.20."""
        nets = [eur(2)] * 1_000
        cents = vat_corrections(nets=nets, vats=[ZERO] * 1_000, percent=Decimal(21))
        assert Money.total(cents, "EUR") == eur(420)

    @pytest.mark.parametrize(("nets", "vats"), [([], []), ([eur(1)], [])])
    def test_needs_a_vat_amount_per_line(self, nets, vats):
        with pytest.raises(ValueError, match="one amount of VAT"):
            vat_corrections(nets=nets, vats=vats, percent=Decimal(21))


class TestInvoiceShares:
    INVOICES = (
        OpenInvoice("F2", date(2026, 2, 1), eur(5_000)),
        OpenInvoice("F1", date(2026, 1, 1), eur(3_000)),
        OpenInvoice("C1", date(2026, 3, 1), eur(-1_000)),
    )

    def shares(self, principal: int, before: int = 0):
        found = invoice_shares(principal=eur(principal), paid_before=eur(before), invoices=self.INVOICES)
        return [(share.number, share.amount.minor) for share in found]

    def test_the_oldest_is_paid_first(self):
        assert self.shares(4_000) == [("F1", 3_000), ("F2", 1_000)]

    def test_earlier_payments_and_credit_notes_count(self):
        assert self.shares(3_000, before=4_000) == [("F2", 3_000)]
        assert self.shares(3_500, before=4_000) == [("F2", 3_000), ("", 500)]

    @given(st.integers(0, 20_000), st.integers(0, 20_000))
    def test_add_up_to_the_principal(self, principal, before):
        assert sum(minor for _, minor in self.shares(principal, before)) == principal

    @given(st.lists(st.integers(1, 4_000), max_size=8))
    def test_payments_one_after_another_pay_what_one_payment_would(self, parts):
        paid: dict[str, int] = {}
        before = 0
        for part in parts:
            for number, minor in self.shares(part, before):
                paid[number] = paid.get(number, 0) + minor
            before += part
        assert paid == dict(self.shares(before))


class TestFreeDemand:
    @pytest.mark.parametrize(("paid_on", "free"), [(THURSDAY, True), (THURSDAY + timedelta(7), True),
                                                   (THURSDAY + timedelta(8), False)])  # fmt: skip
    def test_payments_within_the_days_cost_nothing(self, paid_on, free):
        fee = free_demand_fee(collected=eur(100), accepted_on=THURSDAY, paid_on=paid_on, days=7)
        assert (fee is not None) is free
        if fee:
            assert fee.gross == ZERO
            assert_explains(fee.trace, ZERO)

    def test_is_off_where_none_was_agreed(self):
        assert free_demand_fee(collected=eur(1), accepted_on=THURSDAY, paid_on=THURSDAY, days=0) is None


class TestWithdrawal:
    def test_costs_the_agreed_share_with_vat(self):
        fee = withdrawal_fee(open_amount=eur(100_000), bps=500, minimum=eur(2_500), vat_percent=Decimal(21))
        assert (fee.net, fee.vat) == (eur(5_000), eur(1_050))
        assert_explains(fee.trace, fee.gross)

    def test_costs_the_minimum_at_least(self):
        fee = withdrawal_fee(open_amount=eur(10_000), bps=500, minimum=eur(2_500), vat_percent=Decimal(0))
        assert fee.gross == eur(2_500)
        assert_explains(fee.trace, fee.gross)

    @pytest.mark.parametrize(("open_minor", "bps", "minimum"), [(0, 500, 2_500), (10_000, 0, 0)])
    def test_costs_nothing_where_nothing_was_agreed_or_open(self, open_minor, bps, minimum):
        found = withdrawal_fee(
            open_amount=eur(open_minor), bps=bps, minimum=eur(minimum), vat_percent=Decimal(21)
        )
        assert found is None

    @pytest.mark.parametrize(
        ("open_minor", "bps", "minimum", "net"),
        [
            (10_000, 0, 2_500, 2_500),
            (10_000, 500, 0, 500),
            (10_000, 10_000, 0, 10_000),
            (100, 500, 5, 5),
            (1, 0, 1, 1),
        ],
    )
    def test_either_a_share_or_a_minimum_is_enough(self, open_minor, bps, minimum, net):
        fee = withdrawal_fee(
            open_amount=eur(open_minor), bps=bps, minimum=eur(minimum), vat_percent=Decimal(0)
        )
        assert fee.net == eur(net)
        percent = [line.inputs["percent"] for line in fee.trace if line.outcome == "fee.withdrawal"]
        assert percent == [{0: "0", 500: "5", 10_000: "100"}[bps]]
        assert {line.rule for line in fee.trace} == {"success_fee"}
        # A minimum that the share reaches already adds nothing.
        assert [line.outcome for line in fee.trace].count("fee.minimum") == (net > open_minor * bps // 10_000)

    def test_refuses_more_than_everything(self):
        with pytest.raises(ValueError, match="10,000"):
            withdrawal_fee(open_amount=eur(1), bps=10_001, minimum=ZERO, vat_percent=Decimal(0))


class TestWhatAnOfferAsksBesideAShare:
    def test_hours_are_told_with_two_decimals_and_bear_vat(self):
        fee = offer_fee(kind="hours", net=eur(7_917), phase="legal", minutes=95, vat_percent=Decimal("21.0"))
        assert (fee.net, fee.vat, fee.gross) == (eur(7_917), eur(1_663), eur(9_580))
        hours, vat = fee.trace
        assert (hours.outcome, hours.amount) == ("fee.hours", eur(7_917))
        assert hours.inputs == {"phase": "phase_legal", "hours": "1.58"}
        assert (vat.outcome, vat.amount) == ("fee.vat", eur(1_663))
        assert vat.inputs == {"percent": "21", "net": "EUR 79.17"}
        assert_explains(fee.trace, fee.gross)

    @pytest.mark.parametrize(
        ("minutes", "told"), [(60, "1"), (90, "1.5"), (6_000, "100"), (1, "0.02"), (61, "1.02")]
    )
    def test_whole_hours_are_told_plainly(self, minutes, told):
        fee = offer_fee(kind="hours", net=eur(1), phase="legal", minutes=minutes, vat_percent=Decimal(0))
        assert fee.trace[0].inputs["hours"] == told

    def test_an_amount_of_a_phase_tells_no_hours_and_no_vat_that_is_not_there(self):
        fee = offer_fee(kind="flat", net=eur(5_000), phase="amicable", minutes=0, vat_percent=Decimal(0))
        assert (fee.net, fee.vat, fee.gross) == (eur(5_000), ZERO, eur(5_000))
        [line] = fee.trace
        assert (line.outcome, line.inputs) == ("fee.flat", {"phase": "phase_amicable"})
        assert_explains(fee.trace, fee.gross)

    def test_another_part_is_refused_by_its_name(self):
        with pytest.raises(ValueError, match="called share"):
            offer_fee(kind="share", net=eur(1), phase="legal", minutes=0, vat_percent=Decimal(0))


class TestWhatACreditCheckCost:
    def test_the_vat_is_the_one_that_was_booked(self):
        fee = check_fee(
            net=eur(495), vat=eur(103), vat_percent=Decimal("21.00"), number="K-17", on=date(2026, 11, 3)
        )
        assert (fee.net, fee.vat, fee.gross) == (eur(495), eur(103), eur(598))
        check, vat = fee.trace
        assert (check.outcome, check.amount) == ("fee.check", eur(495))
        assert check.inputs == {"number": "K-17", "on": "2026-11-03"}
        assert (vat.outcome, vat.amount) == ("fee.vat", eur(103))
        assert vat.inputs == {"percent": "21", "net": "EUR 4.95"}
        assert_explains(fee.trace, fee.gross)

    def test_without_vat_there_is_no_line_of_it(self):
        fee = check_fee(net=eur(495), vat=ZERO, vat_percent=Decimal(0), number="K-18", on=THURSDAY)
        assert [line.outcome for line in fee.trace] == ["fee.check"]
        assert fee.gross == eur(495)

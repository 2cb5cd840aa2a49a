"""Books kept beside the product's, in plain sums: what stands where, and what is owed to whom.

They are told what happened (money came for a claim, a run was drafted, a file left) and work every amount out
by themselves.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from tests.books.claim_account import ClaimAccount, Parts, half_up

HOUSE = "house"


@dataclass(frozen=True)
class Terms:
    """What was agreed with a creditor."""

    mode: str
    interest_to: str
    costs_to: str
    vat: int
    fee_bps: int = 1_000
    withdrawal_bps: int = 0
    withdrawal_minimum: int = 0


@dataclass
class Payment:
    """Money booked on a claim."""

    claim: UUID
    source: str
    minor: int
    parts: Parts
    over: int
    to_creditor: int
    to_agency: int
    standing: bool = True
    refunded: int = 0


@dataclass
class Refund:
    """Money going back: of a payment, of money that no claim took, or of a bank line."""

    creditor: object
    minor: int
    origin: str
    claim: UUID | None = None
    provider: bool = False


@dataclass
class Fee:
    """What a payment or a withdrawal is charged; `direct` was not collected by the agency."""

    base: int
    net: int
    back: bool
    direct: bool
    run: UUID | None = None


@dataclass
class Run:
    """A payout as it should be; of the house when it is the agency's own share."""

    creditor: object
    collected: int
    fee: int
    vat: int
    withheld: int
    attempt: int = 1
    here: bool = True  # it has not left

    @property
    def net(self) -> int:
        return self.collected - self.withheld


class OwnBooks:
    """The whole of it; accounts are named as the product's, debit positive."""

    def __init__(self, terms: dict[UUID, Terms], claims: dict[UUID, tuple[UUID, ClaimAccount]]) -> None:
        self.terms = terms
        self.creditor_of = {claim: creditor for claim, (creditor, _) in claims.items()}
        self.claims = {claim: account for claim, (_, account) in claims.items()}
        self.trust: Counter = Counter()
        self.payments: dict[str, Payment] = {}
        self.given_up: dict[UUID, tuple[UUID, Parts]] = {}
        self.refunds: dict[str, Refund] = {}
        self.fees: dict[UUID, dict[tuple, Fee]] = defaultdict(dict)
        self.runs: dict[UUID, Run] = {}
        # Of which of the provider's payments the bank has the money.
        self.arrived: set[str] = set()

    def _book(self, whose: object, /, **moved: int) -> None:
        """Move amounts: `psp=5` stands for the account trust.psp, `agency__vat` for agency.vat."""
        for name, minor in moved.items():
            account = name.replace("__", ".") if "__" in name else f"trust.{name}"
            self.trust[whose, account] += minor

    # --- in ---

    def bank_line(self, minor: int) -> None:
        self._book(HOUSE, bank=minor, suspense=-minor)

    def pay(self, key: str, *, claim: UUID, source: str, minor: int, value_on: date) -> None:
        account, creditor = self.claims[claim], self.creditor_of[claim]
        on = max(value_on, account.last_on)
        asked = account.owed(on)
        parts, over = account.divide(minor, on)
        account.fix(on, asked)
        if parts.total:
            account.take(on, parts)
        payment = self._shared(claim, source, minor, parts, over)
        self.payments[key] = payment
        self._book_payment(creditor, payment, 1)
        if account.state == "active" and parts == asked:
            account.state = "paid"

    def _shared(self, claim: UUID, source: str, minor: int, parts: Parts, over: int) -> Payment:
        terms = self.terms[self.creditor_of[claim]]
        to_agency = (parts.interest if terms.interest_to == "agency" else 0) + (
            parts.costs if terms.costs_to == "agency" else 0
        )
        if source == "direct":
            to_agency = 0
        return Payment(claim, source, minor, parts, over, minor - over - to_agency, to_agency)

    def _book_payment(self, creditor: UUID, payment: Payment, sign: int) -> None:
        if payment.source == "direct":
            return
        stands = "psp" if payment.source == "psp" else "suspense"
        self._book(
            creditor,
            **{stands: sign * payment.minor},
            creditor=-sign * payment.to_creditor,
            agency=-sign * payment.to_agency,
            debtor=-sign * payment.over,
            agency__trust=sign * payment.to_agency,
            agency__costs_income=-sign * payment.to_agency,
        )
        self.claims[payment.claim].owed_back += sign * payment.over

    def take_back(self, key: str, *, on: date) -> None:
        payment = self.payments[key]
        payment.standing = False
        account = self.claims[payment.claim]
        if payment.parts.total:
            account.take(on, Parts(*(-part for part in payment.parts)))
        self._book_payment(self.creditor_of[payment.claim], payment, -1)
        if account.state in ("paid", "closed") and payment.parts.total:
            account.state = "active"

    def hold(self, creditor: UUID, minor: int) -> None:
        """Money at the provider that no claim takes; minus lets it go."""
        self._book(creditor, psp=minor, suspense=-minor)

    def settle_provider(self, shares: Counter, costs: int, refs: set[str]) -> None:
        self.arrived |= refs
        for creditor, minor in shares.items():
            self._book(creditor, suspense=minor, psp=-minor)
        self._book(HOUSE, agency=costs, suspense=-costs, agency__psp_costs=costs, agency__trust=-costs)

    def own_money(self, minor: int, kind: str) -> None:
        """What the bank charged or gave, or the agency paid in, is the agency's; minus where it left."""
        other = {
            "charges": "agency__bank_costs",
            "interest": "agency__bank_interest",
            "deposit": "agency__bank",
        }
        self._book(HOUSE, suspense=minor, agency=-minor, agency__trust=minor, **{other[kind]: -minor})

    # --- given up ---

    def give_up(self, key: UUID, *, claim: UUID, on: date, parts: Parts | None = None) -> None:
        """Give up some, or all that is owed; the latter closes the claim."""
        account = self.claims[claim]
        asked = account.owed(on)
        wanted = asked if parts is None else parts
        fixed = Parts(
            max(asked.costs, account.booked["costs"]) if wanted.costs else account.booked["costs"],
            max(asked.interest, account.booked["interest"])
            if wanted.interest
            else account.booked["interest"],
            asked.principal,
        )
        account.fix(on, asked if parts is None else fixed)
        account.take(on, wanted)
        self.given_up[key] = (claim, wanted)
        if account.state == "active" and wanted.total == asked.total:
            account.state = "paid" if parts is None else "closed"

    def owe_again(self, key: UUID, *, on: date) -> None:
        """What was given up is owed again; a claim that had ended by it is collected again."""
        claim, parts = self.given_up[key]
        account = self.claims[claim]
        account.take(on, Parts(*(-part for part in parts)))
        if account.state in ("paid", "closed"):
            account.state = "active"

    # --- back ---

    def refund(self, key: str, sign: int = 1) -> None:
        """A refund leaves; minus takes its booking back."""
        one = self.refunds[key]
        leaves = "psp" if one.provider else "in_transit"
        self._book(one.creditor, **{one.origin: sign * one.minor}, **{leaves: -sign * one.minor})
        if one.origin == "debtor":
            self.claims[one.claim].owed_back -= sign * one.minor

    def refund_owed(self, key: str, sign: int = 1) -> None:
        """Held money that went back by transfer was charged back: its debtor owes it; minus ends that."""
        one = self.refunds[key]
        self._book(one.creditor, debtor=sign * one.minor, suspense=-sign * one.minor)
        self.claims[one.claim].owed_back -= sign * one.minor

    def refund_seen(self, key: str, sign: int = 1) -> None:
        """The bank debited a refund; minus credited it again."""
        one = self.refunds[key]
        self._book(one.creditor, in_transit=sign * one.minor, suspense=-sign * one.minor)

    # --- out ---

    def charge(self) -> None:
        """Fees on everything that bears one and was not charged yet."""
        for key, payment in self.payments.items():
            creditor = self.creditor_of[payment.claim]
            fees, direct = self.fees[creditor], payment.source == "direct"
            charged = fees.get(("fee", key))
            if not payment.standing and charged and ("back", key) not in fees:
                fees["back", key] = Fee(-charged.base, -charged.net, True, direct)
            if payment.standing and payment.to_creditor > 0 and not charged:
                net = half_up(Fraction(payment.to_creditor * self.terms[creditor].fee_bps, 10_000))
                fees["fee", key] = Fee(payment.to_creditor, net, False, direct)
        for claim, account in self.claims.items():
            self._charge_withdrawal(claim, account)

    def withdraw(self, claim: UUID) -> None:
        """A creditor takes its claim back; what that costs was shown by what is open now."""
        account = self.claims[claim]
        account.state, account.open_when_withdrawn = "withdrawn", account.booked["principal"]

    def _charge_withdrawal(self, claim: UUID, account: ClaimAccount) -> None:
        creditor = self.creditor_of[claim]
        terms, was_open = self.terms[creditor], account.open_when_withdrawn
        known = ("withdrawn", claim) in self.fees[creditor]
        if account.state == "withdrawn" and was_open > 0 and terms.withdrawal_bps and not known:
            net = max(half_up(Fraction(was_open * terms.withdrawal_bps, 10_000)), terms.withdrawal_minimum)
            self.fees[creditor]["withdrawn", claim] = Fee(0, net, False, True)

    def draft(self, creditor: UUID, key: UUID | None) -> Run | None:
        """The run that a creditor should get now, None when it gets none."""
        terms = self.terms[creditor]
        rows = [
            fee
            for (_, of), fee in self.fees[creditor].items()
            if fee.run is None and not self._is_on_its_way(str(of))
        ]
        collected = sum(fee.base for fee in rows if not fee.direct)
        fee = sum(fee.net for fee in rows)
        vat = sum(
            half_up(Fraction(sum(fee.net for fee in rows if fee.back is back) * terms.vat, 100))
            for back in (False, True)
        )
        if not rows or collected < 0:
            return None
        kept = {"net": fee + vat, "gross": 0}.get(terms.mode)
        if kept is None:
            own = sum(fee.net for fee in rows if not fee.direct)
            # Cents of VAT fall on the largest lines; which are the agency's is not worked out here.
            kept = own + half_up(Fraction(own * terms.vat, 100))
        run = Run(creditor, collected, fee, vat, min(kept, collected))
        if not run.net and not fee:
            return None
        if key:
            self.runs[key] = run
            for one in rows:
                one.run = key
        return run

    def _is_on_its_way(self, payment: str) -> bool:
        """Nobody is paid out what the provider has still: it would be other people's money."""
        ref = payment.partition(" psp:")[2].partition("#")[0]
        return bool(ref) and ref not in self.arrived

    def own_free(self) -> int:
        """What the agency may draft of its own: what it has in trust, less what is not on the bank, and less
        what stands in payouts that have not left."""
        held = -sum(minor for (_, account), minor in self.trust.items() if account == "trust.agency")
        coming = sum(
            one.to_agency for key, one in self.payments.items() if one.standing and self._is_on_its_way(key)
        )
        return (
            held - coming - sum(run.net for run in self.runs.values() if run.creditor == HOUSE and run.here)
        )

    def draft_own(self, key: UUID, minor: int) -> None:
        self.runs[key] = Run(HOUSE, minor, 0, 0, 0)

    def cancel(self, key: UUID) -> None:
        run = self.runs.pop(key)
        for fee in self.fees[run.creditor].values():
            fee.run = None if fee.run == key else fee.run

    def export(self, key: UUID) -> None:
        run = self.runs[key]
        run.here = False
        if run.creditor == HOUSE:
            self._book(HOUSE, agency=run.net, in_transit=-run.net)
            return
        withheld = run.withheld if run.attempt == 1 else 0
        self._book(run.creditor, creditor=run.net + withheld, in_transit=-run.net, agency=-withheld)
        if run.attempt == 1:
            self._book(
                run.creditor,
                agency__trust=run.withheld,
                agency__receivable=run.fee + run.vat - run.withheld,
                agency__fee_income=-run.fee,
                agency__vat=-run.vat,
            )

    def paid_out(self, key: UUID) -> None:
        run = self.runs[key]
        self._book(run.creditor, in_transit=run.net, suspense=-run.net)
        if run.creditor == HOUSE:
            self._book(HOUSE, agency__bank=run.net, agency__trust=-run.net)

    def returned(self, key: UUID, *, seen: bool) -> None:
        """A payout came back: over the bank when it was seen there, else it never left."""
        run = self.runs[key]
        run.here = True
        owed = "agency" if run.creditor == HOUSE else "creditor"
        self._book(run.creditor, **{"suspense" if seen else "in_transit": run.net, owed: -run.net})
        if run.creditor == HOUSE and seen:
            self._book(HOUSE, agency__bank=-run.net, agency__trust=run.net)

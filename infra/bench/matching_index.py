"""The look-up of candidates without a database: what `agency.banking.candidates` finds, from dictionaries."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from agency.banking.candidates import CLAIMS_MAX, NAMED_MAX, SIMILAR_FOUND_FROM
from agency.money import Money
from agency.parties.names import name_key
from agency.rules.match import Candidate, LineFacts, Match, match
from agency.rules.match_score import squeeze
from agency.rules.match_search import lookups
from agency.rules.payer_name import holders, initials_of, search_words, similarity
from agency.rules.reference import printed_forms, references_in
from infra.bench.matching_year import Claim, Debtor, Line, Year

ClaimKey = tuple[UUID, UUID]


@dataclass
class Looked:
    """The candidates of a line, and whether there are more."""

    candidates: list[Candidate[ClaimKey]]
    crowded: bool


class Index:
    """A portfolio, by everything that a line may say of it."""

    def __init__(self, year: Year) -> None:
        self.debtors = {(one.creditor_id, one.debtor_id): one for one in year.debtors}
        self.keys = {key: name_key(one.name) for key, one in self.debtors.items()}
        self.claims: dict[str, list[Claim]] = defaultdict(list)
        self.numbers: dict[str, list[Debtor]] = defaultdict(list)
        self.words: dict[str, list[Debtor]] = defaultdict(list)
        self.amounts: dict[int, list[Debtor]] = defaultdict(list)
        self.accounts: dict[str, list[Debtor]] = defaultdict(list, year.shared)
        self.candidates: dict[ClaimKey, Candidate[ClaimKey]] = {}
        for one in year.debtors:
            self._add(one)

    def _add(self, debtor: Debtor) -> None:
        key = self.keys[debtor.creditor_id, debtor.debtor_id]
        for word in dict.fromkeys(key.split()):
            self.words[word].append(debtor)
        if debtor.known:
            self.accounts[debtor.iban] = [*self.accounts[debtor.iban], debtor]
        for claim in debtor.claims:
            for written in (claim.payment_reference, claim.number):
                self.claims[written].append(claim)
            for invoice in claim.invoices:
                self.numbers[squeeze(invoice.number)].append(debtor)
            self.amounts[claim.principal].append(debtor)
            self.candidates[claim.key] = _candidate(claim, key)

    def decide(self, line: Line, *, on: date) -> Match[ClaimKey]:
        """This function will decide a line as `match_lines` does: by its reference, else by all it says."""
        facts = facts_of(line)
        written = references_in(f"{line.reference} | {line.text}")
        forms = [form for reference in written for form in printed_forms(reference)]
        named = {claim.key for form in forms for claim in self.claims.get(form, ())}
        if named:
            return match(line=facts, candidates=[self.candidates[key] for key in named], on=on)
        looked = self.look_up(line)
        return match(line=facts, candidates=looked.candidates, on=on, crowded=looked.crowded)

    def look_up(self, line: Line) -> Looked:
        """This function will return the open claims that something of a line points to."""
        payers = facts_of(line).payers
        looked = lookups(text=line.text, references=(line.reference,))
        named, cut = self._named(payers, line.minor)
        hits = {(one.creditor_id, one.debtor_id) for one in named}
        for form in looked.repaired:
            hits |= {(one.creditor_id, one.debtor_id) for one in self.claims.get(form, ())}
        for number in looked.numbers:
            hits |= _keys(self.numbers.get(number, ()))
        paid_for = _keys(self.accounts.get(line.iban, ()))
        hits |= paid_for
        whole = payers[0] if payers else ""
        hits |= {
            key
            for key in _keys(self.amounts.get(line.minor, ()))
            if whole and similarity(self.keys[key], whole) >= SIMILAR_FOUND_FROM
        }
        found = [
            self._for_line(claim, line, (claim.creditor_id, claim.debtor_id) in paid_for, len(paid_for) == 1)
            for key in hits
            for claim in self.debtors[key].claims
        ]
        found.sort(key=lambda one: one.claim_id)
        return Looked(found[:CLAIMS_MAX], cut or len(found) > CLAIMS_MAX)

    def _for_line(self, claim: Claim, line: Line, known: bool, only: bool) -> Candidate[ClaimKey]:
        one = self.candidates[claim.key]
        if not known:
            return one
        return replace(one, **{"debtor_ibans" if only else "shared_ibans": (line.iban,)})

    def _named(self, payers: tuple[str, ...], minor: int) -> tuple[list[Debtor], bool]:
        letters = initials_of(payers)
        shared = Counter(key for word in search_words(payers) for key in _keys(self.words.get(word, ())))
        amounts = _keys(self.amounts.get(minor, ()))
        weights = {}
        for key, words in shared.items():
            begins, amount = self.keys[key][:1] in letters, key in amounts
            if words > 1 or begins or amount:
                weights[key] = 2 * words + begins + 3 * amount
        ranked = sorted(weights, key=lambda key: (-weights[key], key))
        cut = len(ranked) > NAMED_MAX and weights[ranked[NAMED_MAX]] >= weights[ranked[0]] - 1
        return [self.debtors[key] for key in ranked[:NAMED_MAX]], cut


def facts_of(line: Line) -> LineFacts:
    """This function will return what matching looks at of a line."""
    return LineFacts(
        amount=line.amount,
        references=(line.reference,),
        text=line.text,
        iban=line.iban or None,
        payers=tuple(name_key(name) for name in holders(line.payer)),
    )


def _candidate(claim: Claim, debtor_name: str) -> Candidate[ClaimKey]:
    return Candidate(
        claim_id=claim.key,
        references=(claim.payment_reference, claim.number),
        open=Money(claim.open, "EUR"),
        invoice_numbers=tuple(invoice.number for invoice in claim.invoices),
        invoice_amounts=tuple(Money(invoice.minor, "EUR") for invoice in claim.invoices),
        debtor=(claim.creditor_id, claim.debtor_id),
        debtor_name=debtor_name,
    )


def _keys(debtors: Iterable[Debtor]) -> set[tuple[UUID, UUID]]:
    return {(one.creditor_id, one.debtor_id) for one in debtors}

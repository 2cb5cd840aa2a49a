"""The look-up of candidates without a database: what `agency.banking.candidates` finds, from dictionaries."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date
from heapq import nsmallest
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
    """A portfolio, by all that a line may say of it; debtors by their places in the database's order."""

    def __init__(self, year: Year) -> None:
        self.debtors = sorted(year.debtors, key=lambda one: (one.creditor_id, one.debtor_id))
        self.keys = [name_key(one.name) for one in self.debtors]
        self.named: dict[str, list[ClaimKey]] = defaultdict(list)
        self.claims: dict[str, set[int]] = defaultdict(set)
        self.numbers: dict[str, set[int]] = defaultdict(set)
        self.words: dict[str, list[int]] = defaultdict(list)
        self.amounts: dict[int, set[int]] = defaultdict(set)
        self.accounts: dict[str, set[int]] = defaultdict(set)
        self.candidates: dict[ClaimKey, Candidate[ClaimKey]] = {}
        for place, one in enumerate(self.debtors):
            self._add(place, one)
        places = {one.debtor_id: place for place, one in enumerate(self.debtors)}
        for iban, debtors in year.shared.items():
            self.accounts[iban] = {places[one.debtor_id] for one in debtors}

    def _add(self, place: int, debtor: Debtor) -> None:
        for word in dict.fromkeys(self.keys[place].split()):
            self.words[word].append(place)
        if debtor.known:
            self.accounts[debtor.iban].add(place)
        for claim in debtor.claims:
            for written in (claim.payment_reference, claim.number):
                self.named[written].append(claim.key)
                self.claims[written].add(place)
            for invoice in claim.invoices:
                self.numbers[squeeze(invoice.number)].add(place)
            self.amounts[claim.principal].add(place)
            self.candidates[claim.key] = _candidate(claim, self.keys[place])

    def decide(self, line: Line, *, on: date) -> Match[ClaimKey]:
        """This function will decide a line as `match_lines` does: by its reference, else by all it says."""
        facts = facts_of(line)
        written = references_in(f"{line.reference} | {line.text}")
        forms = [form for reference in written for form in printed_forms(reference)]
        named = dict.fromkeys(key for form in forms for key in self.named.get(form, ()))
        if named:
            return match(line=facts, candidates=[self.candidates[key] for key in named], on=on)
        looked = self.look_up(line)
        return match(line=facts, candidates=looked.candidates, on=on, crowded=looked.crowded)

    def look_up(self, line: Line) -> Looked:
        """This function will return the open claims that something of a line points to."""
        payers = facts_of(line).payers
        looked = lookups(text=line.text, references=(line.reference,))
        hits, cut = self._by_name(payers, line.minor)
        for form in looked.repaired:
            hits |= self.claims.get(form, set())
        for number in looked.numbers:
            hits |= self.numbers.get(number, set())
        paid_for = self.accounts.get(line.iban, set())
        hits |= paid_for
        if payers:
            hits |= {
                place
                for place in self.amounts.get(line.minor, ())
                if similarity(self.keys[place], payers[0]) >= SIMILAR_FOUND_FROM
            }
        found = [
            self._for_line(claim, line, place in paid_for, len(paid_for) == 1)
            for place in hits
            for claim in self.debtors[place].claims
        ]
        found.sort(key=lambda one: one.claim_id)
        return Looked(found[:CLAIMS_MAX], cut or len(found) > CLAIMS_MAX)

    def _for_line(self, claim: Claim, line: Line, known: bool, only: bool) -> Candidate[ClaimKey]:
        one = self.candidates[claim.key]
        if not known:
            return one
        return replace(one, **{"debtor_ibans" if only else "shared_ibans": (line.iban,)})

    def _by_name(self, payers: tuple[str, ...], minor: int) -> tuple[set[int], bool]:
        letters = initials_of(payers)
        shared = Counter(place for word in search_words(payers) for place in self.words.get(word, ()))
        amounts = self.amounts.get(minor, set())
        weights = {}
        for place, words in shared.items():
            begins, amount = self.keys[place][:1] in letters, place in amounts
            if words > 1 or begins or amount:
                weights[place] = 2 * words + begins + 3 * amount
        best = nsmallest(NAMED_MAX + 1, weights, key=lambda place: (-weights[place], place))
        cut = len(best) > NAMED_MAX and weights[best[NAMED_MAX]] >= weights[best[0]] - 1
        return set(best[:NAMED_MAX]), cut


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

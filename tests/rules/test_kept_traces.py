"""Traces as they are kept: with each message, quote and payment, read back years later before a judge.

A change of what a line holds is a change of evidence, so it shows here as a difference of a file.
`python -m tests.rules.test_kept_traces` writes that file anew; what it changed is then read by a person.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import EnumType
from pathlib import Path

import pytest

from agency import rules
from agency.money import Money
from agency.rules.allocation import Allocation, allocate
from agency.rules.allocation_over_claims import OpenClaim, allocate_over_claims
from agency.rules.channel import ChannelFacts, Recipient, channel_allowed
from agency.rules.contact import contact_window
from agency.rules.content import Communication, Use, missing_content, required_items
from agency.rules.contract_split import Keeper, split_by_contract
from agency.rules.costs import CostConditions, collection_costs
from agency.rules.costs_vat import VatPosition
from agency.rules.credit_advice import ClaimSeen, advise, experience_of
from agency.rules.day_count import DayCount
from agency.rules.facts import (
    Channel,
    ClaimType,
    DebtorKind,
    DisputeStatus,
    DocumentKind,
    InterestKind,
    Law,
    Phase,
)
from agency.rules.fee_vat import fee_vat
from agency.rules.fourteen_days import CountedFrom, SentLetter, fourteen_day_letter, wrong_letter
from agency.rules.frequency import PersonContacts, one_more_contact
from agency.rules.goals import Emphasis, propose_path
from agency.rules.holds import Ground, hold_of
from agency.rules.identity import identity_shown
from agency.rules.insured_fee import insured_fee
from agency.rules.insured_recovery import insured_recovery
from agency.rules.interest import interest
from agency.rules.interest_stops import Stop, StopGround
from agency.rules.ios import IosDebt, ios_extras
from agency.rules.limitation import Interruption, InterruptionKind, LimitationKind, limitation
from agency.rules.match import Candidate, LineFacts, match
from agency.rules.notice import due_without_notice, notice_term
from agency.rules.periodic import EarlierTerm, late_letter_costs, periodic_term_costs
from agency.rules.price import DEFAULT_CARD, PriceFacts, price
from agency.rules.readability import readability
from agency.rules.reading import Page, Reading, ReadState, Word
from agency.rules.recognise import recognise
from agency.rules.recovery import OwnBooks, expected_recovery
from agency.rules.reminder_costs import RemindedBefore, reminder_costs
from agency.rules.score import score
from agency.rules.send import SendFacts, may_send
from agency.rules.success_fee import success_fee
from agency.rules.tariff import tariff_fee
from agency.rules.tariff_file import Outcome, read_tariff
from agency.rules.trace import Trace, as_json, from_json

pytestmark = pytest.mark.pure

KEPT = Path(__file__).with_name("kept_traces.json")
ON = date(2026, 11, 3)
NOON = datetime(2026, 11, 3, 11, tzinfo=UTC)
COMPANY, CONSUMER, SOLE_TRADER = DebtorKind.company, DebtorKind.consumer, DebtorKind.sole_trader
TARIFFS = Path(__file__).with_name("tariffs")


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def debt(key: str, **more) -> OpenClaim:
    nothing = eur("0")
    fields = {"costs": nothing, "interest": nothing, "principal": eur("100"), "due": date(2026, 1, 1)}
    fields |= {"arose": date(2026, 1, 1), "yearly_percent": Decimal("6")}
    return OpenClaim(key=key, **fields | more)


def costs(law: Law, debtor: DebtorKind, *principals: str, **more) -> Trace:
    on = more.pop("on", ON)
    currency = "GBP" if law is Law.uk else "EUR"
    owed = [Money.parse(one, currency) for one in principals]
    return collection_costs(law=law, debtor=debtor, principals=owed, on=on, **more).trace


def late(law: Law, kind: InterestKind, **more) -> Trace:
    days = {"first_day": date(2024, 6, 20), "last_day": date(2025, 7, 10)}
    principal = Money.parse("1234.56", "GBP" if law is Law.uk else "EUR")
    return interest(law=law, kind=kind, principal=principal, **days | more).trace


def contact(at: datetime, **more) -> Trace:
    fields = {"country": "NL", "region": None, "channel": Channel.call, "debtor": CONSUMER}
    return contact_window(at=at, **fields | more).trace


def says(text: str, **more) -> Trace:
    fields = {"kind": Communication.reminder, "law": Law.nl, "debtor": CONSUMER, "channel": Channel.email}
    use = Use(**fields | more)
    return missing_content(use=use, language="nl", values=frozenset(), text=text, on=ON).trace


def sent(at: datetime = NOON, **more) -> Trace:
    fields = {"country": "NL", "region": None, "channel": Channel.email, "debtor": CONSUMER}
    fields |= {"phase": Phase.amicable, "balance": eur("100")}
    return may_send(facts=SendFacts(**fields | more), at=at).trace


def held(ground: Ground, country: str = "NL", debtor: DebtorKind = CONSUMER, **more) -> Trace:
    return hold_of(ground=ground, country=country, debtor=debtor, since=ON, **more).trace


def ended(law: Law, kind: LimitationKind, *events: Interruption) -> Trace:
    return limitation(law=law, kind=kind, due=date(2023, 5, 1), interruptions=events).trace


def event(kind: InterruptionKind, on: date = date(2024, 2, 1), **more) -> Interruption:
    return Interruption(kind=kind, on=on, proof="a letter", **more)


def letter(**more) -> Trace:
    fields = {
        "principals": [eur("500")], "sent": date(2026, 3, 2), "default_since": date(2026, 2, 1), "days": 14,
        "counted_from": CountedFrom.day_after_delivery, "costs": eur("75"),
    }  # fmt: skip
    return wrong_letter(SentLetter(**fields | more)).costs.trace


def tariff(name: str, collected: str, **more) -> Trace:
    read = read_tariff((TARIFFS / f"{name}.toml").read_bytes())
    amount = Money.parse(collected, read.currency)
    return tariff_fee(tariff=read, collected=amount, **{"age_months": 13} | more).trace


def money_in(text: str, *candidates: Candidate[str], **more) -> Trace:
    return match(
        line=LineFacts(eur("100"), text=text, **more), candidates=candidates, on=date(2026, 11, 27)
    ).trace


def _allocations() -> Iterator[tuple[str, Trace]]:
    for law in Law:
        parts = {"costs": eur("25"), "interest": eur("10"), "principal": eur("100")}
        yield f"allocate {law}", allocate(law=law, paid=eur("150"), **parts).trace
    old, dear = debt("old", arose=date(2020, 1, 1)), debt("dear", yearly_percent=Decimal("12"))
    paid = allocate_over_claims(
        law=Law.nl, paid=eur("350"), on=ON, claims=[old, dear, debt("named")], designated=["named"]
    )
    yield "allocate over claims", paid.trace
    parts = Allocation(eur("25"), eur("10"), eur("100"), eur("0"), ())
    split = split_by_contract(parts=parts, costs_to=Keeper.AGENCY, interest_to=Keeper.CREDITOR)
    yield "split by contract", split.trace


def _ways_of_contact() -> Iterator[tuple[str, Trace]]:
    fields = {"debtor": CONSUMER, "phase": Phase.amicable, "on": ON}
    cases = {
        "call": ("NL", Channel.call, ChannelFacts()),
        "call to an employer": ("BE", Channel.call, ChannelFacts(recipient=Recipient.employer)),
        "visit": ("NL", Channel.visit, ChannelFacts()),
    }
    for name, (country, channel, facts) in cases.items():
        found = channel_allowed(country=country, channel=channel, facts=facts, **fields)
        yield f"channel: {name}", found.trace
    yield "contact: open", contact(NOON)
    yield "contact: open in Belgium", contact(NOON, country="BE", region="VLG")
    yield "contact: open for a company", contact(NOON, country="BE", debtor=COMPANY)
    yield "contact: a Sunday night", contact(datetime(2026, 11, 8, 22, tzinfo=UTC), country="BE")
    yield (
        "contact: a Sunday night of a company",
        contact(datetime(2026, 11, 8, 22, tzinfo=UTC), country="BE", debtor=COMPANY),
    )
    yield "contact: Christmas", contact(datetime(2026, 12, 25, 11, tzinfo=UTC))
    yield (
        "contact: a community's day",
        contact(datetime(2027, 7, 11, 10, tzinfo=UTC), country="BE", region="VLG"),
    )
    yield "contact: a letter", contact(datetime(2026, 11, 8, 22, tzinfo=UTC), channel=Channel.letter)
    contacts = PersonContacts(
        last_at=NOON - timedelta(hours=1), in_7_days=3, oldest_of_7_days_at=NOON - timedelta(days=6)
    )
    yield "frequency: too much", one_more_contact(contacts=contacts, at=NOON).trace
    yield "frequency: free", one_more_contact(contacts=PersonContacts(), at=NOON).trace
    for country, debtor in (("NL", CONSUMER), ("BE", CONSUMER), ("DE", CONSUMER), ("NL", COMPANY)):
        shown = identity_shown(
            country=country, debtor=debtor, phase=Phase.amicable, in_creditors_name=True, on=ON
        )
        yield f"identity: {country} {debtor}", shown.trace


def _costs() -> Iterator[tuple[str, Trace]]:
    yield "costs: nl consumer", costs(Law.nl, CONSUMER, "1000", "500.55", vat_deductible=False)
    yield "costs: nl part paid", costs(Law.nl, CONSUMER, "1000", paid_within_term=eur("700"))
    yield "costs: nl paid", costs(Law.nl, CONSUMER, "1000", paid_within_term=eur("1000"))
    yield "costs: nl small", costs(Law.nl, COMPANY, "30")
    yield "costs: nl huge", costs(Law.nl, COMPANY, "5000000")
    yield (
        "costs: nl unregistered",
        costs(Law.nl, CONSUMER, "1000", conditions=CostConditions(agency_registered=False)),
    )
    yield "costs: nl company agreed", costs(Law.nl, COMPANY, "1000", agreed=eur("300"))
    yield "costs: nl consumer agreed", costs(Law.nl, CONSUMER, "1000", agreed=eur("100"))
    yield "costs: nl consumer agreed too high", costs(Law.nl, CONSUMER, "1000", agreed=eur("900"))
    yield "costs: be consumer", costs(Law.be, CONSUMER, "700")
    yield "costs: be without clause", costs(Law.be, CONSUMER, "700", clause_agreed=False)
    yield "costs: be paid", costs(Law.be, CONSUMER, "700", paid_within_term=eur("700"))
    yield (
        "costs: be not reciprocal",
        costs(Law.be, CONSUMER, "700", conditions=CostConditions(clause_reciprocal=False)),
    )
    yield "costs: be hasty", costs(Law.be, CONSUMER, "700", conditions=CostConditions(reminder_waited=False))
    yield "costs: be company", costs(Law.be, COMPANY, "700")
    yield "costs: be company agreed", costs(Law.be, COMPANY, "700", agreed=eur("100"))
    yield "costs: de consumer", costs(Law.de, CONSUMER, "700", vat_deductible=False)
    yield "costs: de company", costs(Law.de, COMPANY, "700")
    yield "costs: de easy", costs(Law.de, CONSUMER, "40", fee_rate=Decimal("0.5"))
    yield (
        "costs: de instalments",
        costs(Law.de, CONSUMER, "700", conditions=CostConditions(instalment_agreement=True)),
    )
    yield "costs: uk company", costs(Law.uk, COMPANY, "700", "15000")
    yield "costs: eu company", costs(Law.eu, COMPANY, "700")
    term = periodic_term_costs(
        principal=eur("90"), missed_on=date(2026, 3, 1),
        earlier=[EarlierTerm(date(2026, month, 1), eur("40")) for month in (1, 2)],
    )  # fmt: skip
    yield "costs: a term", term.trace
    yield (
        "costs: terms late in one letter",
        late_letter_costs(principals=[eur("90"), eur("90")], on=date(2026, 3, 1)).trace,
    )
    for reminders, due_dates in ((0, 0), (1, 2), (3, 1)):
        before = RemindedBefore(reminders=reminders, periodic=True, due_dates=due_dates)
        found = reminder_costs(law=Law.be, debtor=CONSUMER, on=ON, before=before, postage=eur("1.50"))
        yield f"costs: Belgian reminder after {reminders}", found.trace
    extras = ios_extras(principal=eur("1000"), interest=eur("90"), indemnity=eur("40"), on=ON, debt=IosDebt())
    yield "costs: ios", extras.trace


def _interest() -> Iterator[tuple[str, Trace]]:
    for law, kind in (
        (Law.nl, InterestKind.consumer), (Law.nl, InterestKind.trade), (Law.be, InterestKind.civil),
        (Law.be, InterestKind.trade), (Law.de, InterestKind.consumer), (Law.uk, InterestKind.trade),
        (Law.eu, InterestKind.trade),
    ):  # fmt: skip
        yield f"interest: {law} {kind}", late(law, kind)
    yield "interest: act/act", late(Law.nl, InterestKind.trade, day_count=DayCount.ACTUAL_ACTUAL)
    yield "interest: agreed", late(Law.nl, InterestKind.contract, contractual_percent=Decimal("12"))
    yield (
        "interest: agreed, Belgian consumer",
        late(Law.be, InterestKind.consumer, contractual_percent=Decimal("25"), contract_on=date(2024, 1, 1)),
    )
    yield (
        "interest: agreed within the cap",
        late(Law.be, InterestKind.consumer, contractual_percent=Decimal("6"), contract_on=date(2024, 1, 1)),
    )
    yield (
        "interest: agreed, Dutch consumer",
        late(Law.nl, InterestKind.consumer, contractual_percent=Decimal("3")),
    )
    yield (
        "interest: agreed lower, Dutch trade",
        late(Law.nl, InterestKind.trade, contractual_percent=Decimal("3")),
    )
    for ground in StopGround:
        stops = [Stop(ground, date(2026, 10, 5), date(2026, 11, 10))]
        found = late(Law.nl, InterestKind.trade, last_day=date(2026, 11, 20), stops=stops)
        yield f"interest: stopped, {ground}", found


def _notices() -> Iterator[tuple[str, Trace]]:
    for law, debtor in ((Law.nl, CONSUMER), (Law.nl, COMPANY), (Law.be, CONSUMER), (Law.be, COMPANY)):
        for by in ("post", "email"):
            yield f"notice: {law} {debtor} {by}", notice_term(law=law, by=by, sent=ON, debtor=debtor).trace
    for law in (Law.nl, Law.be, Law.uk):
        yield f"notice: none, {law}", due_without_notice(law=law, debtor=COMPANY, due=ON).trace
    sending = {"sent": date(2026, 3, 2), "by": "post", "default_since": date(2026, 2, 1)}
    vat = VatPosition(deductible=False)
    yield "letter: right", fourteen_day_letter(principals=[eur("500")], vat=vat, **sending).costs.trace
    yield "letter: sent rightly", letter()
    yield "letter: too much", letter(costs=eur("100"))
    yield "letter: no costs", letter(costs=None)
    yield "letter: too short", letter(days=13)
    yield "letter: too early", letter(default_since=date(2026, 4, 1))
    yield "letter: counted otherwise", letter(counted_from=CountedFrom.other)
    yield "letter: no consequences", letter(consequences_stated=False)
    yield "letter: not arrived", letter(arrival_proven=False)
    yield "letter: with VAT", letter(vat=eur("15.75"))


def _other_decisions() -> Iterator[tuple[str, Trace]]:
    yield "content: nothing said", says("Hallo")
    yield "content: sms", says("Hallo", channel=Channel.sms)
    use = Use(kind=Communication.reminder, law=Law.nl, debtor=CONSUMER, channel=Channel.sms)
    items = required_items(use=use, on=ON)
    values = frozenset(value for item in items for value in item.values)
    words = " ".join(word for item in items for word in (item.words or {}).get("nl", ()))
    whole = missing_content(use=use, language="nl", values=values, text=words, on=ON)
    yield "content: an SMS with everything named", whole.trace
    yield "readable", readability(text="U moet dit voor ons doen. Bel ons.", language="nl", on=ON).trace
    hard = "Onverminderd voorgaande sommaties constateren wij dat betaling achterwege gebleven is " * 3
    yield "hard to read", readability(text=hard, language="nl", on=ON).trace
    for country, number in (("NL", ""), ("BE", "BE0123456749"), ("BE", ""), ("GB", "GB1"), ("US", "")):
        vat = fee_vat(agency_country="NL", client_country=country, client_vat_number=number, on=ON)
        yield f"fee: VAT {country} {number}", (vat.line,)
    percents = {"indemnity_percent": Decimal("90"), "covered_percent": Decimal("80")}
    yield "fee: insured", insured_fee(fee=eur("100"), **percents).trace
    fee = {"collected": eur("1000"), "fee_bps": 1250, "vat_percent": Decimal("21")}
    yield "fee", success_fee(**fee).trace
    yield "fee: raised", success_fee(**fee, minimum_left=eur("200")).trace
    yield "fee: lowered", success_fee(**fee, maximum_left=eur("100")).trace
    for name in sorted(path.stem for path in TARIFFS.glob("*.toml")):
        yield f"tariff: {name}", tariff(name, "10000", age_days=400)
        yield f"tariff: {name}, small", tariff(name, "1500", age_months=1, age_days=30)
    for outcome in Outcome:
        claim = eur("12000")
        yield f"tariff: bierens {outcome}", tariff("bierens", "10000", claim=claim, outcome=outcome)
    told = (Ground.promise, Ground.notice_running, Ground.agreement_to_confirm)
    for ground in Ground:
        country, debtor = ("BE", CONSUMER) if ground is Ground.collective_settlement else ("NL", CONSUMER)
        until = ON + timedelta(days=5) if ground in told else None
        try:
            yield f"hold: {ground}", held(ground, country, debtor, until=until)
        except (LookupError, ValueError):
            yield f"hold: {ground} in Belgium", held(ground, "BE", debtor, until=until)
    yield "sent", sent()
    yield "sent in the night", sent(datetime(2026, 11, 8, 22, tzinfo=UTC))
    yield "held back", sent(holds=("dispute",), disputed=True, threatens_court=True, content_complete=False)
    yield "a reply", sent(is_reply=True)


def _limitation() -> Iterator[tuple[str, Trace]]:
    for law, kind in (
        (Law.nl, LimitationKind.contract), (Law.nl, LimitationKind.consumer_sale),
        (Law.be, LimitationKind.energy), (Law.de, LimitationKind.regular), (Law.uk, LimitationKind.contract),
    ):  # fmt: skip
        yield f"limitation: {law} {kind}", ended(law, kind)
    yield "limitation: by letter", ended(Law.nl, LimitationKind.contract, event(InterruptionKind.letter))
    yield "limitation: unproven", ended(
        Law.nl, LimitationKind.contract,
        Interruption(kind=InterruptionKind.letter, on=date(2024, 2, 1), proof=""),
    )  # fmt: skip
    yield (
        "limitation: too late",
        ended(Law.nl, LimitationKind.consumer_sale, event(InterruptionKind.letter, date(2026, 2, 1))),
    )
    yield (
        "limitation: negotiated",
        ended(Law.de, LimitationKind.regular, event(InterruptionKind.negotiation, until=date(2024, 6, 1))),
    )
    principal = limitation(law=Law.nl, kind=LimitationKind.consumer_sale, due=date(2023, 5, 1))
    falls = limitation(law=Law.nl, kind=LimitationKind.interest, due=date(2024, 5, 1), principal=principal)
    yield "limitation: interest falls with the principal", falls.trace


def _matches() -> Iterator[tuple[str, Trace]]:
    known = Candidate("a", ("RF45ABC",), eur("100"), ("NL91ABNA0417164300",), ("F-1001",))
    yield "match: nothing", money_in("thanks", known)
    yield "match: by reference", money_in("", known, references=("RF45ABC",))
    yield "match: proposed", money_in("F-1001", known, iban="NL91ABNA0417164300")


def scored(minor: int = 50_000, **more) -> Trace:
    fields = {"debtor": COMPANY, "amount": Money(minor, "EUR"), "dispute": DisputeStatus.none}
    fields |= {"documents": frozenset({DocumentKind.invoice, DocumentKind.order}), "on": ON}
    return score(**fields | more).trace


def priced(minor: int = 50_000, **more) -> Trace:
    fields = {
        "amount": Money(minor, "EUR"), "age_days": 40, "debtor": COMPANY, "country": "NL", "completeness": 55,
        "dispute": DisputeStatus.none,
    }  # fmt: skip
    return price(card=DEFAULT_CARD, facts=PriceFacts(**fields | more)).trace


def taken_for(*lines: str) -> Trace:
    words = tuple(Word(word, number) for number, text in enumerate(lines) for word in text.split())
    return recognise(Reading(ReadState.read, (Page(1, 595, 842, words),), 1)).trace


def _quotes() -> Iterator[tuple[str, Trace]]:
    for debtor in DebtorKind:
        yield f"score: {debtor}", scored(debtor=debtor)
        yield f"price: {debtor}", priced(debtor=debtor)
    for kind in ClaimType:
        yield f"score: {kind}", scored(claim_type=kind)
    for dispute in DisputeStatus:
        yield f"score: dispute {dispute}", scored(dispute=dispute)
        yield f"price: dispute {dispute}", priced(dispute=dispute)
    yield "score: lifted", scored(at_least=80)
    yield "score: small", scored(10_000)
    yield "score: under another law", scored(law=Law.de)
    for country in ("BE", "DE", "US"):
        yield f"price: {country}", priced(country=country)
    yield "price: at the lower limit", priced(100_000_000, completeness=100, age_days=0)
    yield "price: at the upper limit", priced(2_000, completeness=0, age_days=2_000, debtor=CONSUMER)
    yield "price: in the legal phase", priced(phase=Phase.legal)
    books = OwnBooks(claims=400, creditors=20, share_sum=2_400_000, share_squares=18_000_000_000)
    due = {"amount": eur("500"), "debtor": COMPANY, "age_days": 100}
    yield "recovery: by the house", expected_recovery(**due, dispute=DisputeStatus.none).trace
    yield "recovery: by own claims", expected_recovery(**due, dispute=DisputeStatus.raised, own=books).trace
    yield "recovery: insured", insured_recovery(recovered=eur("90"), covered_bps=8_000).trace
    for emphasis in Emphasis:
        yield f"path: {emphasis}", propose_path(law=Law.nl, debtor=CONSUMER, emphasis=emphasis).trace
    yield "path: none", propose_path(law=Law.de, debtor=COMPANY, emphasis=Emphasis.speed).trace
    known = experience_of([ClaimSeen(one, eur("100"), eur("50"), 40) for one in "abc"], on=ON)
    firm = {"limit": eur("5000"), "on": ON}
    yield "credit: gone", advise(status="bankrupt", score=80, experience=known, **firm).trace
    yield "credit: known", advise(status="active", score=80, experience=known, **firm).trace
    yield "credit: unknown", advise(status="active", score=None, experience=None, **firm).trace
    yield "document: an invoice", taken_for("FACTUUR", "Factuurnummer 1", "Te betalen 10,00")
    yield "document: nothing", taken_for("hello")


PARTS: tuple[Callable[[], Iterator[tuple[str, Trace]]], ...] = (
    _allocations, _ways_of_contact, _costs, _interest, _limitation, _matches, _notices, _other_decisions,
    _quotes,
)  # fmt: skip


def now(part: Callable[[], Iterator[tuple[str, Trace]]]) -> dict[str, list[dict[str, object]]]:
    return {name: as_json(trace) for name, trace in part()}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__.strip("_"))
def test_a_trace_is_kept_in_the_form_in_which_it_was_kept_before(part):
    kept = json.loads(KEPT.read_text())[part.__name__.strip("_")]
    found = now(part)
    assert list(found) == list(kept)
    assert {name: trace for name, trace in found.items() if trace != kept[name]} == {}


def test_what_was_kept_is_read_back_whole():
    for part in json.loads(KEPT.read_text()).values():
        for trace in part.values():
            assert as_json(from_json(trace)) == trace


def test_words_that_are_kept_are_those_that_the_code_says():
    """Under another spelling what books, traces and tables hold would not be found again."""
    modules = [
        importlib.import_module(f"agency.rules.{one.name}") for one in pkgutil.iter_modules(rules.__path__)
    ]
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, EnumType)}
    words = [word for kind in kinds if kind.__module__.startswith("agency.rules") for word in kind]
    assert len(words) > 150
    assert [word for word in words if word.value != word.name.lower()] == []


def written() -> str:
    """All traces of today, one line of a trace on each line of the file."""
    parts = {part.__name__.strip("_"): now(part) for part in PARTS}
    lines = ["{"]
    for part, traces in parts.items():
        lines.append(f"{json.dumps(part)}: {{")
        for name, trace in traces.items():
            lines.append(f" {json.dumps(name)}: [")
            lines += [f"  {json.dumps(line, ensure_ascii=False)}," for line in trace]
            lines[-1] = lines[-1].removesuffix(",")
            lines.append(" ],")
        lines[-1] = lines[-1].removesuffix(",")
        lines.append("},")
    lines[-1] = lines[-1].removesuffix(",")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    KEPT.write_text(written())

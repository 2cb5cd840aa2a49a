"""The words of `dev rules`: the rules asked from the command line, without a server or a database.

Each answers as text with its trace in words, or with `--json`. What cannot be answered is said in one
sentence that names the option, with exit code 2.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import typer
from typer.core import TyperCommand

from agency.money import Money
from agency.rules.facts import Channel, DebtorKind, InterestKind, Law
from portal import rules_answers, rules_terms_and_fees
from portal.rules_answers import Answer, Refused, about

app = typer.Typer(no_args_is_help=True, help="Ask the law and money rules, with the reason of each answer.")

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
REFUSED: Final = 2
_LABEL_WIDTH: Final = 12

Value = TypeVar("Value")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Lang = Annotated[Literal["nl", "fr", "en", "de"], typer.Option(help="The language of the reasons.")]
AnyLaw = Annotated[Literal["nl", "be", "de", "uk", "eu"], typer.Option(help="The law of the claim.")]
Kind = Annotated[Literal["consumer", "trade", "civil"], typer.Option(help="Which statutory interest.")]
Debtor = Annotated[Literal["consumer", "sole-trader", "company"], typer.Option(help="Who owes.")]
YesOrNo = Literal["yes", "no"]
Amount = Annotated[str, typer.Option(metavar="AMOUNT", help="Like 1000.00.")]
Day = Annotated[str, typer.Option(metavar="DATE", help="Like 2026-11-02.")]


class RuleWord(TyperCommand):
    """A word whose every refusal is one sentence, or one JSON object, and exit code 2."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:
        """This function will read the options; whoever asked for JSON gets a refusal in JSON too."""
        with _refusals_told(as_json="--json" in args):
            return super().make_context(info_name, args, *more, **extra)

    def invoke(self, ctx: Any) -> Any:
        """This function will answer."""
        with _refusals_told(as_json=ctx.params["as_json"]):
            return super().invoke(ctx)


@contextmanager
def _refusals_told(*, as_json: bool) -> Iterator[None]:
    try:
        yield
    except (Refused, typer.TyperException) as refusal:
        told = str(refusal)
        if isinstance(refusal, typer.TyperException):
            if not hasattr(refusal, "format_message"):
                raise  # no refusal: the word ends by itself, after --help
            told = refusal.format_message().replace("Value error, ", "")
        typer.echo(json.dumps({"refused": told}, ensure_ascii=False)) if as_json else typer.echo(
            told, err=True
        )
        raise typer.Exit(REFUSED) from None


@app.command(cls=RuleWord)
def costs(
    law: AnyLaw,
    debtor: Debtor,
    principal: Annotated[list[str], typer.Option(metavar="AMOUNT", help="Once per invoice of the letter.")],
    on: Day,
    vat_deductible: Annotated[YesOrNo, typer.Option(help="Whether the creditor can set off VAT.")] = "yes",
    clause_agreed: Annotated[YesOrNo, typer.Option(help="Whether the contract provides for costs.")] = "yes",
    paid_within_term: Annotated[str, typer.Option(metavar="AMOUNT", help="Paid before the term ended.")] = "",
    fee_rate: Annotated[str, typer.Option(metavar="RATE", help="Germany: the fee rate, like 0.9.")] = "",
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """What may be claimed for collection out of court."""
    currency = rules_answers.currency_of(Law(law))
    answer = rules_answers.costs(
        law=Law(law),
        debtor=_debtor(debtor),
        principals=[_money("--principal", one, currency) for one in principal],
        on=_day("--on", on),
        vat_deductible=vat_deductible == "yes",
        clause_agreed=clause_agreed == "yes",
        paid_within_term=_money("--paid-within-term", paid_within_term, currency)
        if paid_within_term
        else None,
        fee_rate=_number("--fee-rate", fee_rate) if fee_rate else None,
    )
    _tell(answer, lang, as_json)


@app.command(cls=RuleWord)
def interest(
    law: AnyLaw,
    kind: Kind,
    principal: Amount,
    first_day: Day,
    last_day: Day,
    simple: Annotated[
        bool, typer.Option("--simple", help="No interest on interest, whatever the law.")
    ] = False,
    late_since: Annotated[str, typer.Option(metavar="DATE", help="First day of default, when earlier.")] = "",
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Statutory interest over a period; the first and the last day both count."""
    answer = rules_answers.interest(
        law=Law(law),
        kind=InterestKind(kind),
        principal=_money("--principal", principal, rules_answers.currency_of(Law(law))),
        first_day=_day("--first-day", first_day),
        last_day=_day("--last-day", last_day),
        late_since=_day("--late-since", late_since) if late_since else None,
        simple=simple,
    )
    _tell(answer, lang, as_json)


@app.command(cls=RuleWord)
def rate(law: AnyLaw, kind: Kind, on: Day, lang: Lang = "en", as_json: AsJson = False) -> None:
    """The statutory rate of interest in force on a day, and where it stands."""
    answer = rules_answers.rate(law=Law(law), kind=InterestKind(kind), on=_day("--on", on))
    _tell(answer, lang, as_json)


@app.command(cls=RuleWord)
def allocate(
    law: Annotated[Literal["nl", "be", "de"], typer.Option(help="The law of the claim.")],
    pay: Amount,
    costs: Amount = "0",
    interest: Amount = "0",
    principal: Amount = "0",
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """What a payment pays off, in the order of the law."""
    currency = rules_answers.currency_of(Law(law))
    answer = rules_answers.allocate(
        law=Law(law),
        paid=_money("--pay", pay, currency),
        costs=_money("--costs", costs, currency),
        interest=_money("--interest", interest, currency),
        principal=_money("--principal", principal, currency),
    )
    _tell(answer, lang, as_json)


@app.command(cls=RuleWord)
def notice(
    law: Annotated[Literal["nl", "be"], typer.Option(help="The law of the claim.")],
    by: Annotated[Literal["post", "email"], typer.Option(help="How the notice is sent.")],
    sent: Day,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """When a notice counts as received, until when paying is free of costs, and from when costs run."""
    _tell(rules_answers.notice(law=Law(law), by=by, sent=_day("--sent", sent)), lang, as_json)


@app.command(cls=RuleWord)
def contact(
    country: Annotated[str, typer.Option(metavar="nl|be|be-wal|de", help="Where the debtor lives; -region.")],
    channel: Annotated[Literal["call", "sms", "email", "letter", "visit"], typer.Option(help="How.")],
    at: Annotated[str, typer.Option(metavar="MOMENT", help="With its zone: 2026-12-25T10:00:00+01:00.")],
    debtor: Debtor = "consumer",
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Whether a debtor may be contacted at a moment, why not, and when again."""
    state, _, region = country.upper().partition("-")
    answer = rules_answers.contact(
        country=state,
        region=region or None,
        channel=Channel(channel),
        debtor=_debtor(debtor),
        at=_moment("--at", at),
    )
    _tell(answer, lang, as_json)


@app.command(cls=RuleWord)
def limitation(
    law: rules_terms_and_fees.LimitationLaw,
    kind: Annotated[str, typer.Option(metavar="KIND", help="Like contract or consumer-sale.")],
    due: Day,
    interrupted: rules_terms_and_fees.Event = [],  # noqa: B006 - typer makes a list of its own per call
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Until when a claim can be enforced, and what renewed its term."""
    events = []
    for told in interrupted:
        event, _, on = told.rpartition(":")
        events.append((event or "letter", _day("--interrupted", on)))
    answer = rules_terms_and_fees.limitation(law=Law(law), kind=kind, due=_day("--due", due), events=events)
    _tell(answer, lang, as_json)


@app.command(cls=RuleWord)
def fee(
    tariff: Annotated[Path, typer.Option(metavar="FILE", help="A tariff as TOML.", show_default=False)],
    collected: Amount,
    age_months: Annotated[int, typer.Option(help="Full calendar months since the due date.")] = 0,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """What a tariff asks for money collected, without VAT."""
    answer = rules_terms_and_fees.fee(tariff=tariff, collected=collected, age_months=age_months)
    _tell(answer, lang, as_json)


def _debtor(text: str) -> DebtorKind:
    return DebtorKind(text.replace("-", "_"))


def _money(option: str, text: str, currency: str) -> Money:
    with about(option):
        return Money.parse(text, currency)


def _number(option: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Refused(option, f"not a number: {text[:40]!r}") from None
    if not number.is_finite():
        raise Refused(option, f"not a number: {text[:40]!r}")
    return number


def _day(option: str, text: str) -> date:
    day = _read(option, date.fromisoformat, text, "a date like 2026-11-02")
    _refuse_far(option, day)
    return day


def _moment(option: str, text: str) -> datetime:
    moment = _read(option, datetime.fromisoformat, text, "a moment like 2026-12-25T10:00:00+01:00")
    _refuse_far(option, moment)
    return moment


def _read(option: str, read: Callable[[str], Value], text: str, like: str) -> Value:
    try:
        return read(text)
    except ValueError:
        raise Refused(option, f"{text[:40]!r} is not {like}") from None


def _refuse_far(option: str, day: date) -> None:
    """No table reaches that far, and arithmetic over dates would leave the calendar."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused(option, f"give a day between {FIRST_YEAR} and {LAST_YEAR}")


def _tell(answer: Answer, lang: str, as_json: bool) -> None:
    from agency.rules.explain import as_sentences, as_table, explain

    lines = explain(answer.trace, lang)
    if as_json:
        told = _plain(answer.parts) | {"trace": as_sentences(lines, lang)}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for name, value in answer.parts.items():
        rows = value if isinstance(value, list) else [value]
        for row in rows or ["none"]:
            typer.echo(f"{name:<{_LABEL_WIDTH}}{_written(row, lang)}")
            name = ""
    if lines:
        typer.echo(f"\n{as_table(lines, lang)}")


def _plain(value: Any) -> Any:
    """Values as JSON: amounts and per cents as decimal strings, days and moments as ISO 8601."""
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case Money():
            return str(value.decimal)
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case _:
            return value


def _written(value: Any, lang: str) -> str:
    from agency.rules.explain import written_day, written_money, written_percent
    from agency.rules.words import term_of

    match value:
        case dict():
            told = (f"{name} {_written(inner, lang)}" for name, inner in value.items() if name != "source")
            return ", ".join(told)
        case bool():
            return "yes" if value else "no"
        case Money():
            return written_money(value, lang)
        case Decimal():
            return written_percent(value, lang)
        case datetime():
            return value.isoformat(" ", "minutes")
        case date():
            return written_day(value, lang)
        case _:
            return term_of(str(value), lang) or str(value)

"""A payout as its creditor takes it along: rows for a file, a PDF, and statements that close its books."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from agency.kernel.errors import NotFound
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit, agency_day
from agency.money import Money
from agency.ports.providers import Renderer, Value
from agency.remittance.models import RemittanceRun, RunState
from agency.remittance.statement import (
    CHECK,
    COSTS,
    FLAT,
    HOURS,
    INTEREST,
    PRINCIPAL,
    WITHDRAWAL,
    StatementShare,
    checks_in_run,
    creditor_movements,
    direct_in_run,
    statement_shares,
)
from agency.rules.explain import explain, written_day, written_money, written_percent
from agency.rules.trace import from_json
from integrations.bankfiles.camt_writer import StatementLine, write_camt053
from integrations.bankfiles.mt940_writer import write_mt940
from portal.shared.i18n import N_, gettext, speaking
from portal.shared.spreadsheets import Cell

SOURCE = Path(__file__).with_name("payout_statement.typ")
PDF_ROWS_MAX: Final = 1_500
PARTS = {
    PRINCIPAL: N_("Principal"),
    INTEREST: N_("Interest"),
    COSTS: N_("Collection costs"),
    WITHDRAWAL: N_("Withdrawal"),
    FLAT: N_("Amount as agreed"),
    HOURS: N_("Hours worked"),
    CHECK: N_("Credit check"),
}
FILE_HEADERS = (
    N_("Claim"), N_("Reference"), N_("Debtor"), N_("Invoice"), N_("For"), N_("Value date"), N_("Paid to"),
    N_("Collected"), N_("Kept by contract"), N_("Rate"), N_("Fee"), N_("VAT"), N_("For you"), N_("Why"),
)  # fmt: skip
PAID_TO_YOU = N_("%(money)s was paid to you and not to us: you have it, and only its fee is settled here.")
PDF_COLUMNS = (
    N_("Claim"), N_("Debtor"), N_("Invoice"), N_("Collected"), N_("Kept by contract"), N_("Fee"), N_("VAT"),
    N_("For you"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunSums:
    """The figures of a payout, what of the fee is for credit checks, and what of it was kept and what is
    invoiced beside it."""

    collected: Money
    fee: Money
    checks: Money
    vat: Money
    withheld: Money
    invoiced: Money
    net: Money


def run_of(unit: Unit, *, creditor_id: UUID, run_id: UUID) -> RemittanceRun:
    """This function will return a payout that was not cancelled.

    :raises NotFound: the creditor has no such payout.
    """
    run = unit.session.get(RemittanceRun, (creditor_id, run_id))
    if run is None or run.state == RunState.CANCELLED:
        raise NotFound("no such payout")
    return run


def runs_of(unit: Unit, *, creditor_id: UUID) -> Sequence[RemittanceRun]:
    """This function will return all of a creditor's payouts that were not cancelled, the latest first."""
    order = (col(RemittanceRun.cutoff_on).desc(), col(RemittanceRun.id).desc())
    return unit.session.exec(own_runs(creditor_id).order_by(*order)).all()


def own_runs(creditor_id: UUID) -> SelectOfScalar[RemittanceRun]:
    """This function will return the statement of a creditor's payouts that were not cancelled, unordered."""
    return select(RemittanceRun).where(
        RemittanceRun.creditor_id == creditor_id, col(RemittanceRun.state) != RunState.CANCELLED
    )


def sums_of(unit: Unit, run: RemittanceRun) -> RunSums:
    """This function will return a payout's figures."""

    def money(minor: int) -> Money:
        return Money(minor, run.currency)

    gross = run.fee_minor + run.vat_minor
    return RunSums(
        collected=money(run.collected_minor),
        fee=money(run.fee_minor),
        checks=checks_in_run(unit, run=run),
        vat=money(run.vat_minor),
        withheld=money(run.withheld_minor),
        invoiced=money(gross - run.withheld_minor),
        net=money(run.net_minor),
    )


def why_of(share: StatementShare, language: str) -> str:
    """This function will say why a share costs what it costs, in one line."""
    told = explain(from_json(share.trace), language) if share.trace else ()
    if share.kind == "reversal":
        return taken_back_words(share, language)
    return "; ".join(line.words for line in told)


def taken_back_words(share: StatementShare, language: str) -> str:
    """This function will say of a payment that was taken back when that was, and which payout had it."""
    if share.taken_back_on is None or share.settled_in is None:
        return gettext("Taken back: the fee is given back too")
    return gettext(
        "Taken back on %(day)s. It stood in the payout up to and including %(cutoff)s; its fee goes back too"
    ) % {
        "day": written_day(share.taken_back_on, language),
        "cutoff": written_day(share.settled_in, language),
    }


def mark_of(share: StatementShare, *, direct: str) -> str:
    """This function will say in a few words why a row is not money that came in at the agency; "" when it is.

    :param direct: the words for what the debtor paid to the creditor itself.
    """
    words = [gettext(N_("payment taken back"))] if share.kind == "reversal" else []
    return ", ".join(words + ([direct] if share.direct else []))


def file_rows(unit: Unit, *, run: RemittanceRun, language: str) -> Iterator[Sequence[Cell]]:
    """This function will yield the rows of the statement as a file, invoice by invoice."""
    for share in statement_shares(unit, creditor_id=run.creditor_id, run_id=run.id):
        yield (
            share.claim_number,
            share.claim_reference,
            share.debtor,
            share.invoice,
            gettext(PARTS[share.part]),
            share.value_on,
            gettext(N_("you")) if share.direct else gettext(N_("us")),
            share.received,
            share.kept,
            Decimal(share.fee_bps) / 100,
            share.fee,
            share.vat,
            share.paid,
            why_of(share, language),
        )


def statement_pdf(
    unit: Unit, *, run: RemittanceRun, creditor: str, settings: Settings, renderer: Renderer, language: str
) -> bytes:
    """This function will return a payout's statement as PDF; the first rows of a very long one."""
    shares = list(
        islice(statement_shares(unit, creditor_id=run.creditor_id, run_id=run.id), PDF_ROWS_MAX + 1)
    )
    with speaking(language):
        values = _values(run, sums_of(unit, run), shares, creditor, settings, language)
        if direct := direct_in_run(unit, run=run):
            values["note"] = gettext(PAID_TO_YOU) % {"money": written_money(direct, language)}
    dated = agency_day(run.approved_at or run.drafted_at)
    return renderer.letter(source=SOURCE.read_text(encoding="utf-8"), values=values, dated=dated)


def _values(
    run: RemittanceRun,
    sums: RunSums,
    shares: Sequence[StatementShare],
    creditor: str,
    settings: Settings,
    language: str,
) -> dict[str, Value]:
    day = written_day(run.cutoff_on, language)
    facts = [(gettext("For"), creditor), (gettext("Up to and including"), day)]
    if run.payee_iban:
        facts.append((gettext("Account"), run.payee_iban))
    if run.end_to_end:
        facts.append((gettext("Reference on your bank"), run.end_to_end))
    return {
        "language": language,
        "title": gettext("Payout up to and including %(day)s") % {"day": day},
        "agency": settings.agency_name,
        "footer": f"{settings.trust_name} · {settings.trust_iban}",
        "facts": [{"name": name, "value": value} for name, value in facts],
        "sums": _sum_rows(sums, language),
        "columns": [gettext(name) for name in PDF_COLUMNS],
        "lines": [_pdf_line(share, language) for share in shares[:PDF_ROWS_MAX]],
        "note": "",
        "more": len(shares) > PDF_ROWS_MAX,
        "more_words": gettext("The rest stands in the file: download it as CSV or XLSX."),
    }


def _sum_rows(sums: RunSums, language: str) -> list[Value]:
    rows = [
        (gettext("Collected for you"), sums.collected, False),
        (gettext("Success fee"), sums.checks - sums.fee, False),
    ]
    if sums.checks:
        rows.append((gettext("Credit checks"), -sums.checks, False))
    rows.append((gettext("VAT on the fee"), -sums.vat, False))
    if sums.invoiced:
        rows.append((gettext("Invoiced instead of kept"), sums.invoiced, False))
    rows.append((gettext("Paid out"), sums.net, True))
    return [
        {"name": name, "value": written_money(amount, language), "strong": strong}
        for name, amount, strong in rows
    ]


def _pdf_line(share: StatementShare, language: str) -> list[Value]:
    def money(amount: Money) -> str:
        return written_money(amount, language)

    rate = written_percent(Decimal(share.fee_bps) / 100, language)
    mark = mark_of(share, direct=gettext(N_("paid to you")))
    return [
        share.claim_number,
        share.debtor,
        " · ".join(filter(None, (share.invoice or gettext(PARTS[share.part]), mark))),
        money(share.received),
        money(share.kept),
        f"{money(share.fee)} ({rate})",
        money(share.vat),
        money(share.paid),
    ]


def books_file(
    unit: Unit, *, run: RemittanceRun, settings: Settings, kind: Literal["camt", "mt940"]
) -> tuple[str, bytes]:
    """This function will return a payout as a bank statement of the creditor's account with the agency, which
    starts and ends at nothing: a name and the bytes, the same each time.

    :param kind: camt.053.001.08 or MT940.
    """
    movements = creditor_movements(unit, run=run, our_name=settings.agency_name)
    lines = [
        StatementLine(
            amount=one.amount,
            booked_on=one.booked_on,
            bank_ref=one.key,
            value_on=one.value_on,
            end_to_end=one.end_to_end,
            text=one.text,
            counterparty=one.counterparty,
            counterparty_iban=one.counterparty_iban,
        )
        for one in movements
    ]
    moment = run.approved_at or run.drafted_at
    day = agency_day(moment)
    opening = Money.zero(run.currency)
    name = f"payout-{run.cutoff_on}"
    # Bookkeeping packages know statements by account and number: of one cut-off there is one payout.
    number = run.cutoff_on.timetuple().tm_yday
    if kind == "mt940":
        content = write_mt940(
            reference=run.id.hex[-16:].upper(), account=settings.trust_iban, currency=run.currency, on=day,
            opening=opening, lines=lines, sequence_number=number,
        )  # fmt: skip
        return f"{name}.940", content
    content = write_camt053(
        statement_id=f"PAYOUT-{run.id.hex[-16:]}".upper(), account=settings.trust_iban,
        currency=run.currency, created_at=moment, from_day=day, to_day=day, opening=opening, lines=lines,
        sequence_number=number,
    )  # fmt: skip
    return f"{name}.camt053.xml", content

"""The creditor's start page, and the search of its command palette."""

from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.claims.finding import find_claims
from agency.claims.insurance import covers_due
from agency.documents.asking import open_requests
from agency.documents.sorting import waiting_count
from agency.intake.duplicates import count_questions
from agency.kernel.unit import Unit
from agency.money import Money
from agency.parties.goals import goals_of
from agency.parties.onboarding import is_ready
from agency.progress.timeline import Happening
from agency.progress.warning_list import warning_counts
from portal.creditor.doors import creditor_page, routes
from portal.creditor.figures import collected_by_month, figures
from portal.creditor.price_changes import count_waiting
from portal.creditor.words import happening
from portal.quote_rows import quote_rows
from portal.shared.audience import CreditorUnit, TheVisitor, own_creditor
from portal.shared.charts import Point, chart
from portal.shared.i18n import format_day, format_money, format_money_short, gettext

# These happen to every claim of a placement at once; the placement's own line tells them together.
EVERY_CLAIM = ("ClaimMoved", "QuoteIssued", "TreatmentStarted")


@routes.get("")
def overview(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """Figures, prices that wait, and what happened last."""
    creditor_id = own_creditor(visitor)
    found = figures(unit, creditor_id=creditor_id)
    months = collected_by_month(unit, creditor_id=creditor_id)
    shown = _news(unit, creditor_id)
    numbers = _numbers(unit, shown)
    share = found.collected * 100 // found.placed if found.placed else 0
    return creditor_page(
        request,
        "overview.html",
        figures=found,
        owed=Money(found.owed, "EUR"),
        collected=Money(found.collected, "EUR"),
        paid_out=Money(found.paid_out, "EUR"),
        share=share,
        asked=open_requests(unit, creditor_id=creditor_id),
        to_sort=waiting_count(unit, creditor_id=creditor_id).get(creditor_id, 0),
        open_quotes=[
            {"row": row, "principal": Money(row.principal_minor, row.currency)}
            for row in quote_rows(unit, creditor_id=creditor_id, only_open=True)
        ],
        rises=count_waiting(unit, creditor_id=creditor_id),
        chart=chart(
            title=gettext("Collected by month"),
            points=[
                Point(format_day(row.month, "MMM"), row.minor, format_money(Money(row.minor, "EUR")))
                for row in months
            ],
            write=lambda minor: format_money_short(Money(minor, "EUR")),
        )
        if found.collected
        else None,
        ready=is_ready(unit, creditor_id=creditor_id),
        told_goals=goals_of(unit, creditor_id=creditor_id).told,
        alike=count_questions(unit, creditor_id=creditor_id),
        covers=[
            {"id": cover.claim_id, "number": number, "insurer": cover.insurer, "until": cover.notify_by}
            for cover, number in covers_due(unit, creditor_id=creditor_id, limit=5)
        ],
        warned=warning_counts(unit),
        happened=[happening(event, claims=numbers) for event in shown],
    )


def _news(unit: Unit, creditor_id: UUID) -> list[Happening]:
    rows = unit.session.connection().execute(
        text(
            "SELECT position, at, kind, by, facts, claim_id FROM event WHERE creditor_id = :c AND"
            " creditor_sees"
            " AND kind <> ALL(:quiet) ORDER BY position DESC LIMIT 12"
        ),
        {"c": creditor_id, "quiet": list(EVERY_CLAIM)},
    )
    return [Happening(*row) for row in rows]


def _numbers(unit: Unit, events: list[Happening]) -> dict[UUID, str]:
    ids = [event.claim_id for event in events if event.claim_id]
    rows = unit.session.connection().execute(
        text(
            "SELECT c.id, c.number || ' · ' || d.name AS label FROM claim c JOIN debtor d"
            " ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id WHERE c.id = ANY(:ids)"
        ),
        {"ids": ids},
    )
    return {row.id: row.label for row in rows}


@routes.get("/search")
def search(request: Request, unit: CreditorUnit, visitor: TheVisitor, q: str = "") -> Response:
    """Claims by what the creditor has at hand, as links."""
    words = q.strip().replace("\0", "")[:100]
    return creditor_page(request, "search.html", found=find_claims(unit, words=words))

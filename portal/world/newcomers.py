"""New claims over the year: each creditor's file of the week, taken in, priced and accepted as any other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy import text

from agency.kernel.unit import Unit
from agency.pricing.acceptance import accept_quote
from integrations.simulator.portfolio import (
    SimulatedInvoice,
    as_csv,
    belgian_portfolio,
    consumer_portfolio,
    trade_portfolio,
)
from integrations.simulator.ubl_writer import zip_of_ubl
from portal import demo
from portal.placing import place_file
from portal.wiring import Wiring
from portal.world.finance import InUnit

MONDAY = 0


@dataclass(frozen=True, slots=True)
class Stream:
    """One creditor's weekly file: how large a part of all claims, and where its numbering goes on."""

    reference: str
    percent: int
    first: int
    draw: Callable[..., list[SimulatedInvoice]]
    suffix: str


STREAMS = (
    Stream("NOORDGAS", 60, demo.CONSUMER_CLAIMS, consumer_portfolio, "csv"),
    Stream("GROOTHANDEL", 25, demo.TRADE_CLAIMS, trade_portfolio, "csv"),
    Stream("VANDAELE", 15, demo.BELGIAN_CLAIMS, belgian_portfolio, "zip"),
)


def shares(claims: int) -> dict[str, int]:
    """This function will divide a week's claims over the creditors; none is lost by rounding."""
    found = {stream.reference: claims * stream.percent // 100 for stream in STREAMS}
    found[STREAMS[0].reference] += claims - sum(found.values())
    return found


def week_size(*, wanted: int, standing: int, days_left: int) -> int:
    """This function will say how many claims come this week, so that all are there some weeks before the end.

    :param wanted: all claims at the end; `standing` are there already.
    """
    missing = max(0, wanted - standing)
    mondays = max(1, days_left // 7 - 3)
    return -(-missing // mondays)


def place(
    wiring: Wiring, in_unit: InUnit, stream: Stream, *, claims: int, seed: int, placed: int, today: date
) -> None:
    """This function will hand over a creditor's file; the same file again changes nothing."""
    invoices = stream.draw(seed=seed, today=today, claims=claims, first=stream.first + placed)
    content = (
        zip_of_ubl(supplier=demo.SUPPLIER, invoices=invoices) if stream.suffix == "zip" else as_csv(invoices)
    )
    creditor_id = in_unit(partial(_creditor, reference=stream.reference))
    if creditor_id is None:
        return
    in_unit(
        lambda unit: place_file(
            unit,
            wiring.ports,
            creditor_id=creditor_id,
            name=f"week-{today.isoformat()}.{stream.suffix}",
            content=content,
            bytes_max=wiring.settings.upload_bytes_max,
            wait=True,
        )
    )


def accept_prices(in_unit: InUnit) -> int:
    """This function will accept every open price, as the creditors do; returns how many."""
    quotes = in_unit(_open_quotes)
    for creditor_id, quote_id in quotes:
        in_unit(partial(accept_quote, creditor_id=creditor_id, quote_id=quote_id))
    return len(quotes)


def claims_standing(unit: Unit) -> int:
    """This function will count all claims."""
    return int(unit.session.connection().execute(text("SELECT count(*) FROM claim")).scalar_one())


def _creditor(unit: Unit, *, reference: str) -> UUID | None:
    rows = unit.session.connection().execute(
        text("SELECT id FROM creditor WHERE reference = :reference"), {"reference": reference}
    )
    return rows.scalar_one_or_none()


def _open_quotes(unit: Unit) -> list[tuple[UUID, UUID]]:
    rows = unit.session.connection().execute(
        text(
            "SELECT q.creditor_id, q.id FROM quote q LEFT JOIN claim c ON c.creditor_id = q.creditor_id"
            " AND c.id = q.claim_id WHERE q.state = 'open' AND q.expires_at > app.now()"
            " AND (q.claim_id IS NULL OR c.state = 'active') ORDER BY q.creditor_id, q.id"
        )
    )
    return [(row.creditor_id, row.id) for row in rows]

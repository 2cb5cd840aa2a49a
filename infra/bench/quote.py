"""The quote over HTTP: what one claim would cost, asked 50 times a second, and as fast as it goes; and as the
form asks it while somebody types."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from infra.bench.harness import Line, alternate
from infra.bench.pages import Site

PER_SECOND = 50
CONNECTIONS = 8
OPEN_CONNECTIONS = 32  # enough that the timetable never waits for a free one


def measure_quote(site: Site, *, requests: int, pairs: int, say: Callable[[str], None]) -> Line:
    """This function will measure the API's price against an endpoint that makes one query and answers."""
    line = Line(
        "Quote over HTTP", "quotes/s", requests, "p99 <= 50 ms at 50/s; >= 0.50 of a bare one-query endpoint"
    )
    headers = {**site.signed_in["creditor"], "content-type": "application/json"}
    ours = [["POST", "/api/v1/quotes", headers, _body(nth)] for nth in range(requests)]
    typing = {**site.signed_in["creditor"], "content-type": "application/x-www-form-urlencoded"}
    typed = [["POST", "/creditor/claims/price", typing, _form(nth)] for nth in range(PER_SECOND * 5)]
    other = [["POST", "/quote", {"content-type": "application/json"}, _body(nth)] for nth in range(requests)]
    alternate(
        line,
        ours=lambda: _as_fast_as_it_goes(site, line, ours, bare=False),
        other=lambda: _as_fast_as_it_goes(site, line, other, bare=True),
        cpu_of=site.cpu,
        pairs=pairs,
        say=say,
    )
    for pair in range(pairs):
        for web, asked, side in ((site.product, ours, "ours"), (site.bare, other, "bare")):
            seen = site.drive(
                web, asked[: PER_SECOND * 5], connections=OPEN_CONNECTIONS, per_second=PER_SECOND
            )
            line.measure(**{f"{side}_at_50_p50_ms": seen["p50_ms"], f"{side}_at_50_p99_ms": seen["p99_ms"]})
        seen = site.drive(site.product, typed, connections=OPEN_CONNECTIONS, per_second=PER_SECOND)
        line.measure(form_at_50_p50_ms=seen["p50_ms"], form_at_50_p99_ms=seen["p99_ms"])
        say(f"{line.name} at {PER_SECOND}/s: pair {pair + 1} of {pairs}")
    line.notes["bare"] = f"{requests / line.other_seconds:,.0f} req/s; {CONNECTIONS} connections"
    for side in ("ours", "bare", "form"):
        line.notes[f"at {PER_SECOND}/s, {side}"] = (
            f"p50 {line.median(f'{side}_at_50_p50_ms'):.1f} ms, p99 {line.median(f'{side}_at_50_p99_ms'):.1f} ms"  # noqa: E501
        )
    return line


def _as_fast_as_it_goes(site: Site, line: Line, asked: list[Any], *, bare: bool) -> None:
    seen = site.drive(site.bare if bare else site.product, asked, connections=CONNECTIONS)
    line.measure(**{"bare_p99_ms" if bare else "ours_p99_ms": seen["p99_ms"]})


def _body(nth: int) -> str:
    return json.dumps(
        {
            "amount": f"{1000 + 37 * nth}.50",
            "due_on": f"2026-0{1 + nth % 9}-15",
            "debtor_kind": ("company", "consumer", "sole_trader")[nth % 3],
            "country": ("NL", "BE", "DE")[nth % 3],
            "documents": ["invoice", "contract"][: nth % 3],
        }
    )


def _form(nth: int) -> str:
    """What stands in the form after the amount and the due date were typed."""
    return urlencode(
        {
            "amount": f"{1000 + 37 * nth},50",
            "due_on": f"2026-0{1 + nth % 9}-15",
            "debtor_kind": ("company", "consumer", "sole_trader")[nth % 3],
            "country": ("NL", "BE", "DE")[nth % 3],
            "has": "invoice",
        }
    )

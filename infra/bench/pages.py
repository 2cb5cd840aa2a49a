"""Line 7, pages: the list of 50 and the page of one claim over HTTP, against a bare application."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.bench.ground import Ground, Helper, Web
from infra.bench.harness import Line, alternate
from infra.bench.intake import LOADED

CONNECTIONS = 32
# As `dev up` serves the portal; the bare application gets as many.
WEB_PROCESSES = 2
CLAIM_PAGES = 20
GOAL = ">= 0.60 of bare, p99 <= 1.5x bare; >= 30x Tryton's 7.2 req/s"


@dataclass
class Site:
    """The product and the bare application on one database, somebody signed in, and a generator of load."""

    ground: Ground
    product: Web
    bare: Web
    load: Helper
    signed_in: dict[str, dict[str, str]]
    claims: list[str]

    def cpu(self) -> float:
        """CPU seconds of both servers and the database; only one of the servers is busy at a time."""
        return self.ground.cpu() + self.product.cpu() + self.bare.cpu()

    def close(self) -> None:
        """Stop what was started."""
        self.load.close()
        self.product.stop()
        self.bare.stop()

    def drive(self, web: Web, asked: list[Any], **more: Any) -> dict[str, float]:
        """This function will send requests to one side and return what the generator measured."""
        return self.load.ask(port=web.port, asked=asked, **more)


def open_site(ground: Ground, *, creditor: dict[str, Any]) -> Site:
    """This function will sign people in, record the pages, and start both applications."""
    environment = ground.production(LOADED)
    recorder = Helper("infra.bench.recording", environment)
    who = {"creditor": creditor["creditor"]}
    signed_in = {
        "creditor": recorder.ask(audience="creditor", roles=["creditor_clerk", "creditor_manager"], **who),
        "collector": recorder.ask(audience="staff", roles=["collector"], creditor=None),
    }
    claims: list[str] = recorder.ask(count=CLAIM_PAGES, **who)["ids"]
    pages = {
        name: recorder.ask(path=path, headers=signed_in[reader])
        for name, (reader, path) in _pages(claims).items()
    }
    recorder.close()
    recorded = ground.folder / "pages.json"
    recorded.write_text(json.dumps(pages))
    postgres = ground.postgres
    address = f"host=127.0.0.1 port={postgres.port} user=postgres dbname={LOADED} password="
    bare = ground.environment(
        LOADED, BENCH_PAGES=str(recorded), BENCH_DATABASE=address + postgres.password("postgres")
    )
    return Site(
        ground,
        product=ground.serve("portal.main:app", environment, ready="/readyz", processes=WEB_PROCESSES),
        bare=ground.serve("infra.bench.bare:app", bare, ready="/ready", processes=WEB_PROCESSES),
        load=Helper("infra.bench.load", ground.environment(LOADED)),
        signed_in=signed_in,
        claims=claims,
    )


def _pages(claims: list[str]) -> dict[str, tuple[str, str]]:
    """Name -> (who reads it, path). A name is also the path of the bare page."""
    return {
        "list": ("creditor", "/creditor/claims"),
        **{f"claim-{nth}": ("creditor", f"/creditor/claims/{claim}") for nth, claim in enumerate(claims)},
    }


def measure_pages(site: Site, *, requests: int, pairs: int, say: Callable[[str], None]) -> list[Line]:
    """This function will measure the list and the claim page."""
    pages = _pages(site.claims)
    kinds = {
        "Creditor's list of claims, 50 rows": ["list"],
        "Page of one claim": [name for name in pages if name.startswith("claim-")],
    }
    return [
        _measure(site, Line(title, "req/s", requests, GOAL), names, pairs=pairs, say=say)
        for title, names in kinds.items()
    ]


def _measure(site: Site, line: Line, names: list[str], *, pairs: int, say: Callable[[str], None]) -> Line:
    pages = _pages(site.claims)
    chosen = [names[nth % len(names)] for nth in range(line.items)]
    ours = [["GET", pages[name][1], site.signed_in[pages[name][0]], ""] for name in chosen]
    other = [["GET", f"/page/{name}", {}, ""] for name in chosen]

    def drive(web: Web, asked: list[Any], side: str) -> None:
        seen = site.drive(web, asked, connections=CONNECTIONS)
        line.measure(**{f"{side}_{key}": seen[key] for key in ("p50_ms", "p99_ms", "bytes")})

    alternate(
        line,
        ours=lambda: drive(site.product, ours, "ours"),
        other=lambda: drive(site.bare, other, "bare"),
        cpu_of=site.cpu,
        pairs=pairs,
        say=say,
    )
    line.notes["bare"] = (
        f"{line.items / line.other_seconds:,.0f} req/s, {line.median('bare_bytes') / 1024:.0f} KiB"
    )
    line.notes["page"] = (
        f"{line.median('ours_bytes') / 1024:.0f} KiB; {CONNECTIONS} connections,"
        f" {WEB_PROCESSES} processes on either side"
    )
    line.notes["p99"] = (
        f"{line.median('ours_p99_ms'):.0f} ms ours, {line.median('bare_p99_ms'):.0f} ms bare:"
        f" {line.median('ours_p99_ms') / line.median('bare_p99_ms'):.2f}x"
    )
    return line

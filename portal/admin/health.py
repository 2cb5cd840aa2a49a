"""Whether everything runs: jobs that wait, facts not handled, tables to renew, versions in use."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse

from agency.communication.print_batches.models import PrintState
from agency.communication.print_batches.queries import batches_without_word, count_by_state
from agency.communication.sender_health.pausing import senders_paused
from agency.kernel.outbox import outbox_state
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from agency.parties.hosts import broken_hosts
from agency.rules.freshness import AlarmLevel, RateAlarm, rate_alarms
from portal.shared.audience import StaffUnit, TheWiring, router, show
from portal.shared.i18n import N_, format_number, gettext
from portal.shared.listing import Chip, Column, Cut

routes = router(audience="admin", roles={"admin"}, prefix="/admin")

LAG_SECONDS_MAX = 300
_SHOWN = ("fastapi", "sqlalchemy", "psycopg", "dramatiq", "jinja2", "typst")
FINE, LATE, AWAY = Chip(N_("In order"), "good"), Chip(N_("Late"), "warning"), Chip(N_("Away"), "bad")
BLOCKED = Chip(N_("Somebody must look"), "bad")
MISSING, ENDING = Chip(N_("Missing"), "bad"), Chip(N_("Renew soon"), "warning")
RATE_TABLES = {
    "ecb_refinancing": N_("Rate of the European Central Bank"),
    "de_base_rate": N_("German base rate"),
    "uk_bank_rate": N_("Rate of the Bank of England"),
    "rates_nl_consumer": N_("Legal interest, Netherlands"),
    "rates_nl_trade": N_("Trade interest, Netherlands"),
    "rates_be_civil": N_("Legal interest, Belgium"),
    "rates_be_trade": N_("Trade interest, Belgium"),
    "rates_eu_trade": N_("Trade interest, European Union"),
}
QUARANTINE = (
    Column("actor", N_("Job"), sub="error"),
    Column("attempts", N_("Tries"), "number"),
    Column("since", N_("Since"), "moment"),
)
# Ages are the machine's: jobs wait in real time, also when the product's clock was moved.
_INBOX = text(
    # When it came in stands there by the product's clock; its id was made by the machine's.
    "SELECT count(*) AS waiting,"
    " coalesce(extract(epoch FROM now() - min(uuid_extract_timestamp(id))), 0)::int AS seconds"
    " FROM inbox WHERE handled_at IS NULL"
)
_FACTS = text("SELECT current_setting('server_version') AS postgres, now() AS at, app.now() AS product_now")
_QUARANTINED = text(
    "SELECT actor, attempts, quarantined_at AS since, left(last_error, 300) AS error FROM outbox"
    " WHERE quarantined_at IS NOT NULL ORDER BY quarantined_at DESC LIMIT 50"
)


@routes.get("")
def health(request: Request, unit: StaffUnit, wiring: TheWiring) -> HTMLResponse:
    """The state of the agency's machinery."""
    facts = unit.session.connection().execute(_FACTS).one()
    quarantined = unit.session.connection().execute(_QUARANTINED).mappings().all()
    alarms = rate_alarms(on=unit.today, warning_days=wiring.settings.rates_warning_days)
    values = {
        "missing_rates": _alarms(alarms, AlarmLevel.missing),
        "ending_rates": _alarms(alarms, AlarmLevel.ending),
        "checks": [
            _outbox(unit, facts.at),
            _inbox(unit),
            _valkey(wiring.settings),
            _rates(alarms),
            _print_batches(unit),
            _without_word(unit),
            _senders(unit),
            _hosts(unit),
        ],
        "versions": [
            ("Python", platform.python_version()),
            ("PostgreSQL", facts.postgres.split()[0]),
            *((name, version(name)) for name in _SHOWN),
        ],
        "mode": wiring.settings.mode,
        "product_now": facts.product_now,
        "ahead_days": (facts.product_now - facts.at).days,
        "columns": QUARANTINE,
        "cut": Cut([dict(row) for row in quarantined]),
    }
    return show(request, "admin/health.html", values)


def _outbox(unit: Unit, now: Any) -> dict[str, Any]:
    state = outbox_state(unit)
    seconds = int((now - state.oldest).total_seconds()) if state.oldest else 0
    late = seconds > LAG_SECONDS_MAX or state.quarantined > 0
    return {
        "label": N_("Jobs waiting"),
        "value": format_number(state.open),
        "seconds": seconds,
        "chip": LATE if late else FINE,
    }


def _inbox(unit: Unit) -> dict[str, Any]:
    waiting, seconds = unit.session.connection().execute(_INBOX).one()
    return {
        "label": N_("Facts from providers not handled"),
        "value": format_number(waiting),
        "seconds": seconds,
        "chip": LATE if seconds > LAG_SECONDS_MAX else FINE,
    }


def _valkey(config: Settings) -> dict[str, Any]:
    try:
        with Redis.from_url(config.redis_url, socket_timeout=1, socket_connect_timeout=1) as valkey:
            shown = str(valkey.info("server").get("valkey_version", valkey.info("server")["redis_version"]))
        return {"label": N_("Valkey"), "value": shown, "seconds": 0, "chip": FINE}
    except RedisError:
        return {"label": N_("Valkey"), "value": "–", "seconds": 0, "chip": AWAY}


def _alarms(alarms: Sequence[RateAlarm], level: AlarmLevel) -> list[dict[str, Any]]:
    return [
        {
            "name": gettext(RATE_TABLES.get(alarm.table, alarm.table)),
            "table": alarm.table,
            "until": alarm.confirmed_until,
        }
        for alarm in alarms
        if alarm.level is level
    ]


def _rates(alarms: Sequence[RateAlarm]) -> dict[str, Any]:
    missing = any(alarm.level is AlarmLevel.missing for alarm in alarms)
    return {
        "label": N_("Rate tables to renew"),
        "value": format_number(len(alarms)),
        "seconds": 0,
        "chip": MISSING if missing else ENDING if alarms else FINE,
    }


def _print_batches(unit: Unit) -> dict[str, Any]:
    """Batches that a printer counted otherwise: their letters wait until somebody looks."""
    blocked = count_by_state(unit).get(PrintState.BLOCKED, 0)
    return {
        "label": N_("Print batches counted otherwise"),
        "value": format_number(blocked),
        "seconds": 0,
        "chip": BLOCKED if blocked else FINE,
        "href": "/admin/print-batches",
    }


def _without_word(unit: Unit) -> dict[str, Any]:
    """Batches that the printer should have posted by now: the terms of their notices have not begun."""
    waiting = batches_without_word(unit)
    return {
        "label": N_("Print batches not posted for days"),
        "value": format_number(waiting),
        "seconds": 0,
        "chip": BLOCKED if waiting else FINE,
        "href": "/admin/print-batches?view=way",
    }


def _senders(unit: Unit) -> dict[str, Any]:
    """Brands whose mail is held back, because too much of it came back or was called spam."""
    held = len(senders_paused(unit))
    return {
        "label": N_("Brands whose mail is held back"),
        "value": format_number(held),
        "seconds": 0,
        "chip": BLOCKED if held else FINE,
        "href": "/admin/senders",
    }


def _hosts(unit: Unit) -> dict[str, Any]:
    """Names of brands whose records are gone: the agency's own is used until they are back."""
    broken = broken_hosts(unit)
    return {
        "label": N_("Names of brands whose records are gone"),
        "value": format_number(broken),
        "seconds": 0,
        "chip": BLOCKED if broken else FINE,
        "href": "/admin/brands",
    }

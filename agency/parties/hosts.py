"""Host names of a creditor: which records it must set, whether they are there, and for how long already.

A provider is called as always: reserve (commit), call, confirm. A name belongs to one creditor, because
whoever sends from it passes for its owner.
"""

from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import new_id
from agency.kernel.ports import Ports
from agency.kernel.unit import Door, Unit, Units
from agency.parties.branding import brand_of, design_of, versions_of
from agency.parties.models import BrandHost, HostState, HostUse
from agency.ports.hosts import HostRecord, MailDomain
from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from agency.rules.brand import BrandDesign

CHECKED_AT_ONCE: Final = 200
_BROKEN: Final = text("SELECT count(*) FROM brand_host WHERE state = 'broken'")


class NameTaken(Conflict):
    """The name belongs to another creditor, or to the agency itself."""


class NameInUse(Conflict):
    """Mail or payment links of the creditor lead through the name."""


def hosts_of(unit: Unit, *, creditor_id: UUID) -> list[BrandHost]:
    """This function will return the host names of a creditor, the newest first."""
    return list(
        unit.session.exec(
            select(BrandHost).where(BrandHost.creditor_id == creditor_id).order_by(col(BrandHost.id).desc())
        )
    )


def host_state(unit: Unit, *, creditor_id: UUID, use: HostUse, name: str) -> HostState | None:
    """This function will return where a name stands, None when nobody asked for it yet."""
    found = unit.session.exec(
        select(BrandHost.state).where(
            BrandHost.creditor_id == creditor_id, BrandHost.use == use, BrandHost.name == name.lower()
        )
    ).one_or_none()
    return HostState(found) if found else None


def add_host(
    units: Units, *, ports: Ports, by: str, creditor_id: UUID, use: HostUse, name: str, public_url: str
) -> HostState:
    """This function will ask for the records that a name must set; one that stands is only looked at again.

    :raises NameTaken: another creditor has it, or it is the agency's own.
    """
    name = name.lower()
    with units.open(Door.STAFF, by=by) as unit:
        host_id = _reserve(unit, creditor_id, use, name, public_url)
    return check_host(
        units, ports=ports, by=by, creditor_id=creditor_id, host_id=host_id, public_url=public_url
    )


def check_host(
    units: Units, *, ports: Ports, by: str, creditor_id: UUID, host_id: UUID, public_url: str
) -> HostState:
    """This function will look whether the records of a name are set, and return where it stands.

    A provider that does not answer changes nothing but the reason shown.

    :raises NotFound: the creditor has no such name.
    """
    with units.open(Door.STAFF, by=by) as unit:
        kept = unit.session.get(BrandHost, (creditor_id, host_id))
        if kept is None:
            raise NotFound("this page does not exist")
        known = MailDomain(kept.provider_ref or "", kept.name, False, _records(kept))
        use, state = kept.use, kept.state
    try:
        found = _ask(ports, known, use, state, public_url)
    except ProviderRefused as error:
        with units.open(Door.STAFF, by=by) as unit:
            return _write_down(unit, creditor_id, host_id, why=error.reason, refused=True)
    except (ProviderTransient, ProviderAmbiguous) as error:
        with units.open(Door.STAFF, by=by) as unit:
            return _write_down(unit, creditor_id, host_id, why=error.reason)
    with units.open(Door.STAFF, by=by) as unit:
        return _write_down(unit, creditor_id, host_id, found=found)


def drop_host(unit: Unit, *, creditor_id: UUID, host_id: UUID) -> None:
    """This function will forget a name, so that it holds nothing up and another creditor may ask for it.

    A name whose records never stood carries nothing. One whose records are gone is kept while the brand that
    counts says it, and one that works while any published version does: links that were sent lead there.

    :raises NameInUse: the brand uses it.
    """
    host = unit.session.get(BrandHost, (creditor_id, host_id), with_for_update=True, populate_existing=True)
    if host is None:
        return
    works = host.state is HostState.VALID
    stood = works or (host.state is HostState.BROKEN and host.use is not HostUse.INBOUND)
    if stood and host.name in _said(unit, host, ever=works):
        raise NameInUse("the brand uses this name; publish one without it first")
    _tell(unit, host, "dropped")
    unit.session.delete(host)
    unit.session.flush()


def broken_hosts(unit: Unit) -> int:
    """This function will count the names whose records stood and are gone."""
    found: int = unit.session.connection().execute(_BROKEN).scalar_one()
    return found


def _said(unit: Unit, host: BrandHost, *, ever: bool) -> set[str]:
    """The names that the brand which counts gives for a use, or every published version where `ever`."""
    designs = [design_of(brand_of(unit, creditor_id=host.creditor_id))]
    if ever:
        published = versions_of(unit, creditor_id=host.creditor_id)
        designs += [BrandDesign.from_fields(one.content) for one in published]
    match host.use:
        case HostUse.MAIL:
            return {one.mail_domain for one in designs}
        case HostUse.INBOUND:
            return {one.inbound_domain(on=unit.today) for one in designs}
        case HostUse.PAY:
            return {one.pay_host for one in designs}


def check_all_hosts(units: Units, *, ports: Ports, public_url: str) -> int:
    """This function will look at every name that is used or waits for its records, the longest unseen first,
    and return how many it looked at."""
    by = "system:parties.check_hosts"
    with units.open(Door.WORKER, by=by) as unit:
        due = unit.session.connection().execute(
            text(
                "SELECT creditor_id, id FROM brand_host WHERE state <> 'refused'"
                " ORDER BY checked_at NULLS FIRST, id LIMIT :limit"
            ),
            {"limit": CHECKED_AT_ONCE},
        )
        keys = [(row.creditor_id, row.id) for row in due]
    for creditor_id, host_id in keys:
        with suppress(NotFound):  # somebody removed it since
            check_host(
                units, ports=ports, by=by, creditor_id=creditor_id, host_id=host_id, public_url=public_url
            )
    return len(keys)


def _reserve(unit: Unit, creditor_id: UUID, use: HostUse, name: str, public_url: str) -> UUID:
    connection = unit.session.connection()
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:n, 17))"), {"n": name})
    standing = connection.execute(
        text("SELECT creditor_id, id, use FROM brand_host WHERE name = :n"), {"n": name}
    ).all()
    if name == pay_target(public_url) or any(row.creditor_id != creditor_id for row in standing):
        raise NameTaken("this name belongs to somebody else")
    for row in standing:
        if row.use == use:
            found: UUID = row.id
            return found
    host = BrandHost(creditor_id=creditor_id, id=new_id(), use=use, name=name, created_at=unit.now)
    unit.session.add(host)
    unit.session.flush()
    _tell(unit, host, "asked")
    return host.id


def pay_target(public_url: str) -> str:
    """This function will return the host that a creditor's pay host must be an alias of."""
    return (urlsplit(public_url).hostname or "").lower()


def _ask(ports: Ports, known: MailDomain, use: HostUse, state: HostState, public_url: str) -> MailDomain:
    match use:
        case HostUse.MAIL:
            return _ask_mail(ports, known, state)
        case HostUse.INBOUND:
            return _ask_inbound(ports, known)
        case HostUse.PAY:
            return _ask_pay(ports, known, public_url)


def _ask_mail(ports: Ports, known: MailDomain, state: HostState) -> MailDomain:
    if not known.ref:
        # An answer that got lost may have made it already: then it stands there under its name.
        made = ports.domains.find(domain=known.domain) or ports.domains.create(domain=known.domain)
        return made if state is HostState.ASKED else ports.domains.check(domain=made)
    return ports.domains.check(domain=known)


def _ask_inbound(ports: Ports, known: MailDomain) -> MailDomain:
    """A host of the brand's own whose mail is taken in for us; another one beside ours loses some."""
    target = ports.domains.inbound_exchanger
    exchangers = ports.host_names.mail_exchangers(host=known.domain)
    found = bool(target) and set(exchangers) == {target}
    reason = "" if found else "the mail exchanger was not found"
    if exchangers and not found:
        reason = f"found {', '.join(sorted(set(exchangers)))}"
    record = HostRecord(known.domain, "MX", f"10 {target}", found, reason)
    return MailDomain("dns", known.domain, found, (record,))


def _ask_pay(ports: Ports, known: MailDomain, public_url: str) -> MailDomain:
    target = pay_target(public_url)
    found = target in ports.host_names.aliases(host=known.domain)
    record = HostRecord(known.domain, "CNAME", target, found, "" if found else "the alias was not found")
    return MailDomain("dns", known.domain, found, (record,))


def _write_down(
    unit: Unit,
    creditor_id: UUID,
    host_id: UUID,
    *,
    found: MailDomain | None = None,
    why: str = "",
    refused: bool = False,
) -> HostState:
    host = unit.session.exec(
        select(BrandHost)
        .where(BrandHost.creditor_id == creditor_id, BrandHost.id == host_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if host is None:
        raise NotFound("this name was removed meanwhile")
    before = host.state
    host.why = why
    if found is not None:
        host.provider_ref, host.records = found.ref, [asdict(one) for one in found.records]
        host.state, host.checked_at = _moved(host, found.valid), unit.now
        host.valid_since = _since(host, unit.now)
    elif refused and before is HostState.ASKED:
        host.state = HostState.REFUSED
    unit.session.add(host)
    unit.session.flush()
    if host.state is not before:
        _tell(unit, host, host.state)
    return host.state


def _moved(host: BrandHost, valid: bool) -> HostState:
    if valid:
        return HostState.VALID
    return HostState.BROKEN if host.state in (HostState.VALID, HostState.BROKEN) else HostState.PENDING


def _since(host: BrandHost, now: datetime) -> datetime | None:
    return (host.valid_since or now) if host.state is HostState.VALID else None


def _records(host: BrandHost) -> tuple[HostRecord, ...]:
    return tuple(HostRecord(**one) for one in host.records)


def _tell(unit: Unit, host: BrandHost, what: str) -> None:
    record(
        unit,
        action=f"brand_host.{what}",
        subject=f"brand_host:{host.id}",
        creditor_id=host.creditor_id,
        facts={"use": host.use.value, "name": host.name},
    )

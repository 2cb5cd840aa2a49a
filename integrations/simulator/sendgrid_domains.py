"""SendGrid's domain authentication: create, list, fetch, validate and delete, checked against the DNS.

Shapes and statuses follow SendGrid's reference of /v3/whitelabel/domains.
"""

import hashlib
import json
import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import dns
from integrations.simulator.sendgrid_answers import errors, is_known
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/sendgrid/v3/whitelabel/domains")

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_USER = 1001
_NAMES = ("mail_cname", "dkim1", "dkim2")


@routes.post("")
async def create(request: Request, world: TheWorld) -> Response:
    """Give the records that a domain must set."""
    if not is_known(request):
        return errors(401, "authorization required", None)
    try:
        wanted = json.loads(await request.body())
        domain = str(wanted["domain"]).lower()
    except (ValueError, KeyError, TypeError):
        return errors(400, "domain is required", "domain")
    if not _DOMAIN.fullmatch(domain):
        return errors(400, "invalid domain", "domain")
    if world.store.one("SELECT 1 FROM mail_domain WHERE domain = ?", domain):
        return errors(400, "an authenticated domain already exists for this URL", None)
    subdomain = str(wanted.get("subdomain") or f"em{_number(domain)}")
    number = world.store.insert("mail_domain", domain=domain, subdomain=subdomain, valid=0)
    return JSONResponse(_told(world, number), status_code=201)


@routes.get("")
async def list_domains(
    request: Request, world: TheWorld, domain: str = "", limit: int = 50, offset: int = 0
) -> Response:
    """Domains by name."""
    if not is_known(request):
        return errors(401, "authorization required", None)
    rows = world.store.all(
        "SELECT id FROM mail_domain WHERE domain LIKE ? ORDER BY id LIMIT ? OFFSET ?",
        f"%{domain.lower()}%", limit, offset,
    )  # fmt: skip
    return JSONResponse([_told(world, row["id"]) for row in rows])


@routes.get("/{number}")
async def fetch(number: int, request: Request, world: TheWorld) -> Response:
    """One domain."""
    if not is_known(request):
        return errors(401, "authorization required", None)
    if not _exists(world, number):
        return errors(404, "not found", None)
    return JSONResponse(_told(world, number))


@routes.delete("/{number}")
async def delete(number: int, request: Request, world: TheWorld) -> Response:
    """Forget a domain."""
    if not is_known(request):
        return errors(401, "authorization required", None)
    if not world.store.run("DELETE FROM mail_domain WHERE id = ?", number):
        return errors(404, "not found", None)
    return Response(status_code=204)


@routes.post("/{number}/validate")
async def validate(number: int, request: Request, world: TheWorld) -> Response:
    """Look for each of the records now."""
    if not is_known(request):
        return errors(401, "authorization required", None)
    if not _exists(world, number):
        return errors(404, "not found", None)
    results = {name: _found(world, record) for name, record in _records(world, number).items()}
    valid = all(result["valid"] for result in results.values())
    world.store.run("UPDATE mail_domain SET valid = ? WHERE id = ?", int(valid), number)
    return JSONResponse({"id": number, "valid": valid, "validation_results": results})


def domains(world: World) -> list[dict[str, Any]]:
    """This function will return every domain with its records and what the DNS says of each."""
    rows = world.store.all("SELECT * FROM mail_domain ORDER BY id")
    return [
        {
            "id": row["id"], "domain": row["domain"], "valid": bool(row["valid"]),
            "records": [
                record | {"found": dns.lookup(world, record["host"], "CNAME")}
                for record in _records(world, row["id"]).values()
            ],
        }
        for row in rows
    ]  # fmt: skip


def set_records(world: World, number: int, *, right: bool) -> bool:
    """This function will set a domain's records as its owner does, or point the last one elsewhere; False
    when there is no such domain."""
    if not _exists(world, number):
        return False
    for name, record in _records(world, number).items():
        wrong = not right and name == _NAMES[-1]
        dns.keep(world, record["host"], "CNAME", "elsewhere.example" if wrong else record["data"])
    return True


def may_send(world: World, sender: str) -> bool:
    """This function will tell whether mail may come from an address: a domain that was asked for and is not
    authenticated yet may not send. Others are taken for the account's own."""
    row = world.store.one("SELECT valid FROM mail_domain WHERE domain = ?", sender.rpartition("@")[2].lower())
    return row is None or bool(row["valid"])


def _exists(world: World, number: int) -> bool:
    return world.store.one("SELECT 1 FROM mail_domain WHERE id = ?", number) is not None


def _records(world: World, number: int) -> dict[str, dict[str, str]]:
    row = world.store.one("SELECT domain, subdomain FROM mail_domain WHERE id = ?", number)
    assert row is not None
    target = f"u{_USER}.wl{_number(row['domain'])}.sendgrid.net"
    hosts = (
        (f"{row['subdomain']}.{row['domain']}", target),
        (f"s1._domainkey.{row['domain']}", f"s1.domainkey.{target}"),
        (f"s2._domainkey.{row['domain']}", f"s2.domainkey.{target}"),
    )
    return {name: {"host": host, "data": data} for name, (host, data) in zip(_NAMES, hosts, strict=True)}


def _found(world: World, record: dict[str, str]) -> dict[str, Any]:
    found = dns.lookup(world, record["host"], "CNAME")
    if record["data"] in found:
        return {"valid": True, "reason": None}
    seen = f'"{found[0]}"' if found else "no record"
    expected = f'Expected CNAME for "{record["host"]}" to match "{record["data"]}" but found {seen}.'
    return {"valid": False, "reason": expected}


def _told(world: World, number: int) -> dict[str, Any]:
    row = world.store.one("SELECT * FROM mail_domain WHERE id = ?", number)
    assert row is not None
    valid = bool(row["valid"])
    return {
        "id": number, "user_id": _USER, "subdomain": row["subdomain"], "domain": row["domain"],
        "username": "simulated@agency.example", "ips": [], "custom_spf": False, "default": False,
        "legacy": False, "automatic_security": True, "valid": valid,
        "dns": {
            name: {"valid": valid, "type": "cname", **record}
            for name, record in _records(world, number).items()
        },
    }  # fmt: skip


def _number(domain: str) -> str:
    return str(int(hashlib.sha256(domain.encode()).hexdigest()[:6], 16) % 9000 + 1000)

"""The simulated DNS: names that domain owners set, looked up by SendGrid and by a resolver over HTTPS."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from integrations.simulator.world import TheWorld, World

routes = APIRouter()

_TYPES = {"CNAME": 5, "TXT": 16, "MX": 15}


class NewRecord(BaseModel):
    """A record that the owner of a domain sets; an empty value takes it away."""

    host: str = Field(min_length=4, max_length=253)
    kind: str = "CNAME"
    value: str = Field(default="", max_length=500)


@routes.get("/dns/resolve")
async def resolve(world: TheWorld, name: str, type: str = "CNAME") -> dict[str, Any]:
    """Answer as public resolvers do in JSON."""
    found = lookup(world, name, type)
    answers = [
        {"name": name, "type": _TYPES.get(type, 0), "TTL": 300, "data": f"{value}."} for value in found
    ]
    return {"Status": 0 if answers else 3, "Answer": answers} if answers else {"Status": 3}


@routes.get("/_sim/dns")
async def list_records(world: TheWorld) -> dict[str, Any]:
    """Every record that somebody set."""
    return {"records": [dict(row) for row in world.store.all("SELECT * FROM dns_record ORDER BY host")]}


@routes.post("/_sim/dns", status_code=201)
async def set_record(wanted: NewRecord, world: TheWorld) -> NewRecord:
    """Set a record, or take it away."""
    if wanted.kind not in _TYPES:
        raise HTTPException(422, "no such type of record")
    keep(world, wanted.host, wanted.kind, wanted.value)
    return wanted


def lookup(world: World, host: str, kind: str) -> list[str]:
    """This function will return the values of a name's records of one type."""
    rows = world.store.all(
        "SELECT value FROM dns_record WHERE host = ? AND kind = ?", host.lower().rstrip("."), kind
    )
    return [str(row["value"]) for row in rows]


def keep(world: World, host: str, kind: str, value: str) -> None:
    """This function will set the one record of a name and type; an empty value takes it away."""
    host = host.lower().rstrip(".")
    with world.store.transaction():
        world.store.run("DELETE FROM dns_record WHERE host = ? AND kind = ?", host, kind)
        if value:
            world.store.insert("dns_record", host=host, kind=kind, value=value.rstrip("."))

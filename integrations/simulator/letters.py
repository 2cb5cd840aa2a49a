"""The print shop: takes a PDF, prints it, posts it, and sometimes gets it back."""

import hashlib
import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import magic, post
from integrations.simulator.store import as_json, moment_text
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/letters/v1")

_PDF_MAX = 20 * 1024 * 1024


@routes.post("/letters")
async def accept_letter(request: Request, world: TheWorld) -> Response:
    """Accept one letter; the same idempotency key gives the same letter, or 409 for another content."""
    key = _bearer(request)
    if not key:
        return _refused(401, "key", "no such account")
    reference, country, address, pdf = await _read(request)
    if reason := _objection(reference, country, address, pdf):
        return _refused(422, "letter", reason)
    idempotency = request.headers.get("idempotency-key") or reference
    fingerprint = hashlib.sha256(as_json([reference, country, address]).encode() + pdf).hexdigest()
    known = world.store.one("SELECT * FROM answer WHERE vendor = 'letters' AND key = ?", idempotency)
    if known is not None:
        if known["fingerprint"] != fingerprint:
            return _refused(409, "idempotency", "this key was used for another letter")
        return JSONResponse(json.loads(known["content"]), status_code=200)
    letter = _accept(world, key, reference, country, address, pdf, (idempotency, fingerprint))
    return JSONResponse(letter, status_code=201)


@routes.get("/letters")
async def find_letters(request: Request, world: TheWorld, reference: str) -> Response:
    """Letters by the sender's reference."""
    if not _bearer(request):
        return _refused(401, "key", "no such account")
    found = post.search(world, channel="letter", reference=reference)
    return JSONResponse(
        {
            "letters": [
                {"id": row["id"], "reference": row["reference"], "state": row["state"]} for row in found
            ]
        }
    )


def report_event(
    world: World, *, provider_id: str, event: str, at: datetime, secret: str, **told: Any
) -> None:
    """This function will have the print shop report an event on one letter."""
    row = post.message(world, provider_id)
    assert row is not None
    world.reports.add(
        vendor="letters",
        subject_id=provider_id,
        url=world.configuration.letters_hook,
        secret=secret,
        content={
            "letter": provider_id,
            "reference": row["reference"],
            "event": event,
            "at": moment_text(at),
            **told,
        },
        due=at,
        state_after=event,
    )


def _accept(
    world: World,
    key: str,
    reference: str,
    country: str,
    address: list[str],
    pdf: bytes,
    idempotency: tuple[str, str],
) -> dict[str, str]:
    provider_id = post.new_id("let_", size=8)
    letter = {"id": provider_id, "reference": reference, "state": "accepted"}
    now = world.clock.now()
    with world.store.transaction():
        post.keep(
            world,
            channel="letter",
            provider_id=provider_id,
            reference=reference,
            account=key,
            sender="print shop",
            recipient=address[0],
            state="accepted",
            subject=", ".join(address[1:]),
            pdf=pdf,
            facts={"address": address, "country": country},
        )
        world.store.insert(
            "answer",
            vendor="letters",
            key=idempotency[0],
            fingerprint=idempotency[1],
            content=as_json(letter),
        )
        printed, posted = now + world.delays.of("letter_print"), now + world.delays.of("letter_post")
        report_event(world, provider_id=provider_id, event="printed", at=printed, secret=key)
        report_event(world, provider_id=provider_id, event="posted", at=posted, secret=key)
        if any(magic.LETTER_RETURNED in line.upper() for line in address):
            back = posted + world.delays.of("letter_return")
            why = {"reason": "unknown at this address"}
            report_event(world, provider_id=provider_id, event="returned", at=back, secret=key, **why)
    return letter


async def _read(request: Request) -> tuple[str, str, list[str], bytes]:
    """Reference, country, address lines and PDF of the multipart form; empty where not given."""
    async with request.form() as form:
        upload = form.get("pdf")
        pdf = b"" if upload is None or isinstance(upload, str) else await upload.read()
        try:
            address = [str(line) for line in json.loads(str(form.get("address", "[]")))]
        except (ValueError, TypeError):
            address = []
        return str(form.get("reference", "")), str(form.get("country", "")), address, pdf


def _objection(reference: str, country: str, address: list[str], pdf: bytes) -> str:
    if not reference:
        return "no reference"
    if len(country) != 2 or not country.isupper():
        return "the country is not a two-letter code"
    if not 2 <= len(address) <= 7 or not all(line.strip() for line in address):
        return "an address has two to seven lines"
    if not pdf.startswith(b"%PDF-") or len(pdf) > _PDF_MAX:
        return "not a PDF of at most 20 MB"
    return ""


def _bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme == "Bearer" and key != magic.WRONG_KEY else ""


def _refused(status: int, code: str, reason: str) -> Response:
    return JSONResponse({"code": code, "reason": reason}, status_code=status)

"""The print shop: takes batches of PDFs, counts them, prints and posts what is released, gets some back."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.simulator import magic, post
from integrations.simulator.faults import PRINT_KINDS
from integrations.simulator.letter_preview import page_count
from integrations.simulator.store import as_json, moment_text
from integrations.simulator.world import TheWorld, World

routes = APIRouter(prefix="/letters/v1")

_PDF_MAX = 20 * 1024 * 1024
_PAGES_PER_SHEET = 2


@dataclass(frozen=True, slots=True)
class _File:
    """A letter of a batch as the shop got it."""

    reference: str
    sha256: str
    pages: int
    amount_minor: int


@routes.post("/batches")
async def accept_batch(request: Request, world: TheWorld) -> Response:
    """Take a batch in and answer with what was counted; the same key gives the same batch, or 409."""
    key = _bearer(request)
    if not key:
        return _refused(401, "key", "no such account")
    manifest, pdfs = await _read(request)
    if reason := _objection(manifest, pdfs):
        return _refused(422, "batch", reason)
    sums = [hashlib.sha256(pdf).hexdigest() for pdf in pdfs]
    fingerprint = hashlib.sha256(as_json([manifest, sums]).encode()).hexdigest()
    known = _batch(world, str(manifest["reference"]))
    if known is not None:
        if known["fingerprint"] != fingerprint:
            return _refused(409, "idempotency", "this reference was used for another batch")
        return JSONResponse(_told(known))
    batch_id = post.new_id("bat_", size=8)
    pages = [page_count(pdf) for pdf in pdfs]
    totals = _counted(world, manifest, sums, pages)
    with world.store.transaction():
        world.store.insert(
            "print_batch", id=batch_id, reference=manifest["reference"], account=key, state="held",
            fingerprint=fingerprint, manifest=as_json(manifest), totals=as_json(totals),
            at=moment_text(world.clock.now()),
        )  # fmt: skip
        for number, pdf in enumerate(pdfs):
            world.store.insert(
                "print_batch_file", batch_id=batch_id, number=number, pages=pages[number], pdf=pdf
            )
    return JSONResponse({"id": batch_id, "state": "held", "totals": totals}, status_code=201)


@routes.get("/batches/{reference}")
async def find_batch(request: Request, world: TheWorld, reference: str) -> Response:
    """A batch by the sender's reference."""
    if not _bearer(request):
        return _refused(401, "key", "no such account")
    known = _batch(world, reference)
    return _refused(404, "unknown", "no such batch") if known is None else JSONResponse(_told(known))


@routes.post("/batches/{reference}/release")
async def release_batch(request: Request, world: TheWorld, reference: str) -> Response:
    """Print and post a batch; again changes nothing."""
    return _move(request, world, reference, to="released", never="cancelled")


@routes.post("/batches/{reference}/cancel")
async def cancel_batch(request: Request, world: TheWorld, reference: str) -> Response:
    """Take a batch back that is not on the press; again changes nothing."""
    return _move(request, world, reference, to="cancelled", never="released")


def _move(request: Request, world: World, reference: str, *, to: str, never: str) -> Response:
    if not _bearer(request):
        return _refused(401, "key", "no such account")
    known = _batch(world, reference)
    if known is None:
        return _refused(404, "unknown", "no such batch")
    if known["state"] == never:
        return _refused(409, "state", f"the batch is {never} already")
    if known["state"] == "held":
        with world.store.transaction():
            world.store.run("UPDATE print_batch SET state = ? WHERE id = ?", to, known["id"])
            if to == "released":
                _print(world, known)
    return JSONResponse(_told(known) | {"state": to})


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


def _print(world: World, batch: sqlite3.Row) -> None:
    """Every letter arrives in the inbox; what becomes of them, and of the batch, is told later."""
    manifest, now = json.loads(batch["manifest"]), world.clock.now()
    printed, posted = now + world.delays.of("letter_print"), now + world.delays.of("letter_post")
    files = world.store.all("SELECT * FROM print_batch_file WHERE batch_id = ? ORDER BY number", batch["id"])
    returned = 0
    for letter, file in zip(manifest["letters"], files, strict=True):
        returned += _print_one(world, batch, manifest, letter, file["pdf"])
    pages = [file["pages"] for file in files]
    _report_batch(world, batch, "printed", printed, _faulty(world, "print:printed", pages))
    _report_batch(world, batch, "posted", posted, pages)
    if returned:
        _report_batch(world, batch, "returned", posted + world.delays.of("letter_return"), pages[:returned])


def _print_one(
    world: World, batch: sqlite3.Row, manifest: dict[str, Any], letter: dict[str, Any], pdf: bytes
) -> bool:
    """One letter on its way; whether it will come back."""
    provider_id, address, key = post.new_id("let_", size=8), letter["address"], batch["account"]
    post.keep(
        world,
        channel="letter",
        provider_id=provider_id,
        reference=letter["reference"],
        account=key,
        sender="print shop",
        recipient=address[0],
        state="accepted",
        subject=", ".join(address[1:]),
        pdf=pdf,
        facts={"address": address, "country": manifest["country"], "batch": manifest["reference"]},
    )
    now = world.clock.now()
    printed, posted = now + world.delays.of("letter_print"), now + world.delays.of("letter_post")
    report_event(world, provider_id=provider_id, event="printed", at=printed, secret=key)
    report_event(world, provider_id=provider_id, event="posted", at=posted, secret=key)
    if not any(magic.LETTER_RETURNED in line.upper() for line in address):
        return False
    back, why = posted + world.delays.of("letter_return"), {"reason": "unknown at this address"}
    report_event(world, provider_id=provider_id, event="returned", at=back, secret=key, **why)
    return True


def _report_batch(world: World, batch: sqlite3.Row, event: str, at: datetime, pages: list[int]) -> None:
    content = {
        "batch": batch["id"],
        "reference": batch["reference"],
        "event": event,
        "at": moment_text(at),
        "letters": len(pages),
        "pages": sum(pages),
        "sheets": _sheets(pages),
    }
    world.reports.add(
        vendor="letters", subject_id=batch["id"], url=world.configuration.letters_hook,
        secret=batch["account"], content=content, due=at,
    )  # fmt: skip


def _counted(world: World, manifest: dict[str, Any], sums: list[str], pages: list[int]) -> dict[str, Any]:
    """The shop's own count, with a scripted mistake in it."""
    letters = manifest["letters"]
    files = [
        _File(str(letter["reference"]), sha256, count, int(letter["amount_minor"]))
        for letter, sha256, count in zip(letters, sums, pages, strict=True)
    ]
    fault = world.faults.hit("print:taken", kinds=PRINT_KINDS)
    if fault is not None:
        last = files[-1]
        wrong = _File(last.reference, last.sha256, last.pages + 1, last.amount_minor)
        files[-1:] = {"one_short": [], "one_double": [last, last]}.get(fault.kind, [wrong])
    lines = "".join(
        f"{file.reference} {file.sha256}\n" for file in sorted(files, key=lambda one: one.reference)
    )
    return {
        "letters": len(files),
        "pages": sum(file.pages for file in files),
        "sheets": _sheets([file.pages for file in files]),
        "amount_minor": sum(file.amount_minor for file in files),
        "files_sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }


def _faulty(world: World, target: str, pages: list[int]) -> list[int]:
    fault = world.faults.hit(target, kinds=PRINT_KINDS)
    if fault is None:
        return pages
    last = pages[-1]
    return pages[:-1] + {"one_short": [], "one_double": [last, last]}.get(fault.kind, [last + 1])


def _sheets(pages: list[int]) -> int:
    return sum(-(-count // _PAGES_PER_SHEET) for count in pages)


def _batch(world: World, reference: str) -> sqlite3.Row | None:
    return world.store.one("SELECT * FROM print_batch WHERE reference = ?", reference)


def _told(batch: sqlite3.Row) -> dict[str, Any]:
    return {"id": batch["id"], "state": batch["state"], "totals": json.loads(batch["totals"])}


async def _read(request: Request) -> tuple[dict[str, Any], list[bytes]]:
    """The manifest and the PDFs of the multipart form; empty where not given."""
    async with request.form(max_files=5000) as form:
        try:
            manifest = json.loads(str(form.get("manifest", "{}")))
        except ValueError:
            manifest = {}
        uploads = [one for one in form.getlist("pdf") if not isinstance(one, str)]
        return manifest if isinstance(manifest, dict) else {}, [await one.read() for one in uploads]


def _objection(manifest: dict[str, Any], pdfs: list[bytes]) -> str:
    letters, country = manifest.get("letters"), str(manifest.get("country", ""))
    if not manifest.get("reference"):
        return "no reference"
    if len(country) != 2 or not country.isupper():
        return "the country is not a two-letter code"
    if not isinstance(letters, list) or not letters or len(letters) != len(pdfs):
        return "a batch has as many files as letters, and one at least"
    for letter in letters:
        lines = letter.get("address") or []
        if not 2 <= len(lines) <= 7 or not all(str(line).strip() for line in lines):
            return "an address has two to seven lines"
    if any(not pdf.startswith(b"%PDF-") or len(pdf) > _PDF_MAX for pdf in pdfs):
        return "not a PDF of at most 20 MB"
    return ""


def _bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key if scheme == "Bearer" and key != magic.WRONG_KEY else ""


def _refused(status: int, code: str, reason: str) -> Response:
    return JSONResponse({"code": code, "reason": reason}, status_code=status)

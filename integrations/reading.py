"""Reads any file handed in as the product would, and says what it found: e-invoice, bank file, or refused."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agency.money import Money
from agency.ports.readers import BankStatement, EInvoice, Unreadable
from integrations import untrusted_xml
from integrations.bankfiles import read_bank_file
from integrations.bankfiles.camt import CAMT_BYTES_MAX
from integrations.bankfiles.reader import UnknownFormat
from integrations.einvoice.hybrid_pdf import is_pdf
from integrations.einvoice.reader import is_einvoice_root, read_einvoice
from integrations.packed import refuse_packed


def read_content(content: bytes, name: str = "") -> dict[str, Any]:
    """This function will say in plain values what a file holds, or {"refused": reason}.

    Amounts are decimal text, dates ISO text, and None stands for what the file does not say.

    :param name: how the sender called the file; only words a refusal.
    """
    try:
        return _read(content, name)
    except Unreadable as refused:
        return {"refused": refused.reason}


def read_paths(paths: Iterable[Path | str]) -> list[dict[str, Any]]:
    """This function will read files one by one; each result carries the path under "file"."""
    return [{"file": str(path)} | _read_path(Path(path)) for path in paths]


def as_text(results: Iterable[dict[str, Any]]) -> str:
    """This function will lay results out for a person, one block per file."""
    return "\n\n".join("\n".join(_block(result)) for result in results)


def _read_path(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            return {"refused": "no such file" if not path.exists() else "not a file"}
        if path.stat().st_size > CAMT_BYTES_MAX:
            return {"refused": f"larger than the {CAMT_BYTES_MAX // 1_000_000} MB that is read"}
        return read_content(path.read_bytes(), path.name)
    except OSError as error:
        return {"refused": f"cannot be opened: {error.strerror}"}


def _read(content: bytes, name: str) -> dict[str, Any]:
    if not content.strip():
        raise Unreadable("the file is empty")
    refuse_packed(content)
    if is_pdf(content):
        return _invoice(read_einvoice(content, name))
    if untrusted_xml.looks_like_xml(content):
        root = untrusted_xml.root_name(content, max_bytes=CAMT_BYTES_MAX)
        return _invoice(read_einvoice(content, name)) if is_einvoice_root(root) else _bank_file(content)
    try:
        return _bank_file(content)
    except UnknownFormat as unknown:
        raise Unreadable(
            "neither an e-invoice (UBL, CII, Factur-X) nor a bank file"
            " (camt, MT940, CODA, CSV of a known bank)"
        ) from unknown


def _invoice(invoice: EInvoice) -> dict[str, Any]:
    return {
        "kind": invoice.kind,
        "number": invoice.number,
        "issue_date": invoice.issue_date.isoformat(),
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
        "currency": invoice.currency,
        "seller": invoice.seller.name,
        "buyer": invoice.buyer.name,
        "total_incl_vat": _decimal(invoice.total_incl_vat),
        "payable": _decimal(invoice.payable),
        "iban": invoice.iban,
        "payment_reference": invoice.payment_reference,
        "warnings": list(invoice.warnings),
    }


def _bank_file(content: bytes) -> dict[str, Any]:
    return {"statements": [_statement(statement) for statement in read_bank_file(content)]}


def _statement(statement: BankStatement) -> dict[str, Any]:
    return {
        "id": statement.id,
        "account": statement.account,
        "currency": statement.currency,
        "opening": _decimal(statement.opening),
        "closing": _decimal(statement.closing),
        "entries": statement.entries,
        "sum": _decimal(statement.net),
        "balances": statement.balances,
        "warnings": list(statement.warnings),
    }


def _decimal(amount: Money | None) -> str | None:
    return None if amount is None else str(amount.decimal)


def _block(result: dict[str, Any]) -> list[str]:
    head = [f"{result['file']}:"] if "file" in result else []
    if "refused" in result:
        return [*head, f"  refused: {result['refused']}"]
    if "statements" in result:
        return [*head, *(line for statement in result["statements"] for line in _facts(statement))]
    return [*head, *_facts(result)]


def _facts(values: dict[str, Any]) -> list[str]:
    """One fact a line; warnings last, each on its own."""
    facts = [
        f"  {name.replace('_', ' ')}: {_word(value)}"
        for name, value in values.items()
        if name not in {"file", "warnings"}
    ]
    return [*facts, *(f"  warning: {warning}" for warning in values["warnings"])]


def _word(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

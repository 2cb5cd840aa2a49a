"""What goes wrong with the bank's files: cases B1 to B5, B10 and B13.

Each function is given the file of a day and returns what of it went otherwise than it should, at once. Those
of `BEFORE` come before the day's file is read, those of `AFTER` when it was.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from agency.banking.importing import ImportResult, UnableToImport, import_statements
from agency.banking.proof import prove
from agency.kernel.unit import Unit
from integrations.bankfiles.reader import read_bank_file
from portal.world.scene import Facts, Scene

_MESSAGE_ID = re.compile(rb"<(MsgId|Id)>([^<]*)</\1>")
_CLOSING = re.compile(rb"(<Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">)(\d+)(\.\d\d)")

StatementFault = Callable[[Scene, date, bytes], Facts]


def read_in(scene: Scene, content: bytes) -> ImportResult:
    """This function will import a file of the trust account, as finance does.

    :raises UnableToImport: it is refused.
    """
    iban = scene.settings.trust_iban
    result: ImportResult = scene.in_unit(
        lambda unit: import_statements(unit, content=content, reader=read_bank_file, iban=iban)
    )
    return result


def same_file_again(scene: Scene, day: date, content: bytes) -> Facts:
    """B1: byte by byte the same."""
    result = read_in(scene, content)
    return _nothing_new(result.new_lines, "" if result.repeated else "it was not recognised")


def same_statement_dressed_anew(scene: Scene, day: date, content: bytes) -> Facts:
    """B2: the same statement with another message id and other white space."""
    dressed = _MESSAGE_ID.sub(rb"<\1>A\2</\1>", content).replace(b"><", b">\n  <")
    return _nothing_new(read_in(scene, dressed).new_lines)


def same_day_in_mt940(scene: Scene, day: date, content: bytes) -> Facts:
    """B3: the day's lines once more, in MT940."""
    return _other_format(scene, day, "mt940")


def same_day_in_coda(scene: Scene, day: date, content: bytes) -> Facts:
    """B3: the day's lines once more, in CODA."""
    return _other_format(scene, day, "coda")


def same_day_in_csv(scene: Scene, day: date, content: bytes) -> Facts:
    """B3: the day's lines once more, as the bank's CSV export."""
    return _other_format(scene, day, "csv")


def intraday_report(scene: Scene, day: date, content: bytes) -> Facts:
    """B3: a camt.052 of the day, before its statement."""
    return _other_format(scene, day, "camt052")


def truncated_file(scene: Scene, day: date, content: bytes) -> Facts:
    """B5: cut off somewhere."""
    return _refused(scene, content[: scene.rng.randrange(len(content) // 20, len(content) * 19 // 20)])


def truncated_mt940(scene: Scene, day: date, content: bytes) -> Facts:
    """B5: cut off before its closing balance."""
    whole = scene.outside.statement_as(iban=scene.settings.trust_iban, on=day, format="mt940")
    return _refused(scene, whole[: whole.rindex(b":62F:")])


def wrong_control_sum(scene: Scene, day: date, content: bytes) -> Facts:
    """B5: a CODA whose trailer tells another turnover."""
    whole = scene.outside.statement_as(iban=scene.settings.trust_iban, on=day, format="coda")
    at = whole.rindex(b"\r\n9") + 2 + 37
    digit = b"1" if whole[at : at + 1] != b"1" else b"2"
    return _refused(scene, whole[:at] + digit + whole[at + 1 :])


def unbalanced_statement(scene: Scene, day: date, content: bytes) -> Facts:
    """B5: opening and lines do not make the closing: payouts stop until the bank sends it right."""
    wrong = _CLOSING.sub(lambda found: found[1] + str(int(found[2]) + 1).encode() + found[3], content)
    result = read_in(scene, wrong)
    warned = any(statement.warnings for statement in result.statements)
    return {"wrong": "" if warned and not _is_green(scene) else "it was believed"}


def file_of_another_account(scene: Scene, day: date, content: bytes) -> Facts:
    """B13: of an account that is not the trust account."""
    foreign = scene.outside.statement_as(iban=scene.settings.agency_iban, on=day, format="camt053")
    return _refused(scene, foreign, tells_not=scene.settings.agency_iban)


def mark_foreign(content: bytes, end_to_end: str) -> bytes:
    """This function will mark the amounts of one line of a camt file as dollars (B10)."""
    entries = re.split(rb"(?=<Ntry>)", content)
    mine = f"<EndToEndId>{end_to_end}<".encode()
    return b"".join(
        entry.replace(b'Ccy="EUR"', b'Ccy="USD"') if mine in entry else entry for entry in entries
    )


BEFORE: dict[str, StatementFault] = {
    "B3 intraday report": intraday_report,
    "B5 truncated": truncated_file,
    "B5 truncated MT940": truncated_mt940,
    "B5 control sum": wrong_control_sum,
    "B5 unbalanced": unbalanced_statement,
    "B13 wrong account": file_of_another_account,
}
AFTER: dict[str, StatementFault] = {
    "B1 same file": same_file_again,
    "B2 other message id": same_statement_dressed_anew,
    "B3 MT940": same_day_in_mt940,
    "B3 CODA": same_day_in_coda,
    "B3 CSV": same_day_in_csv,
}


def _other_format(scene: Scene, day: date, format: str) -> Facts:
    content = scene.outside.statement_as(iban=scene.settings.trust_iban, on=day, format=format)
    return _nothing_new(read_in(scene, content).new_lines)


def _nothing_new(new_lines: int, wrong: str = "") -> Facts:
    return {"wrong": f"{new_lines} lines were booked again" if new_lines else wrong}


def _refused(scene: Scene, content: bytes, *, tells_not: str = "") -> Facts:
    before = _lines(scene)
    try:
        read_in(scene, content)
    except UnableToImport as refusal:
        said = str(refusal)
        if tells_not and tells_not in said:
            return {"wrong": "the refusal says whose account it is"}
        return {"wrong": "" if _lines(scene) == before else "lines of a refused file stayed"}
    return {"wrong": "it was taken in"}


def _lines(scene: Scene) -> Any:
    return scene.rows("SELECT count(*) AS n FROM bank_line")[0].n


def _is_green(scene: Scene) -> bool:
    def green(unit: Unit) -> bool:
        return prove(unit, on=unit.today).green

    found: bool = scene.in_unit(green)
    return found

"""A bank's day: camt.053 read, each line matched, divided by law and contract and booked, against bare expat
and a COPY of the same lines.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

from infra.bench.ground import BenchFailed, Ground, Helper
from infra.bench.harness import Line, alternate
from infra.bench.intake import LOADED

IBAN = "NL20INGB0001234567"
DAY = "2026-11-02"
MEMORY_MAX_MIB = 300

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
    "<BkToCstmrStmt><GrpHdr><MsgId>BENCH</MsgId><CreDtTm>{day}T22:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id>"
    "<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{opening}{closing}"
)
_BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
    "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
)
_ENTRY = (
    '<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}'
    "</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>BANK{number:012d}</AcctSvcrRef><NtryDtls>"
    "<TxDtls><Refs><EndToEndId>E2E{number:09d}</EndToEndId></Refs><RltdPties><Dbtr><Pty><Nm>Payer {number}"
    "</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>NL86INGB{number:010d}</IBAN></Id></DbtrAcct></RltdPties><RmtInf>"
    "<Ustrd>{reference} thank you</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
)
_TAIL = "</Stmt></BkToCstmrStmt></Document>"


def write_statement(ground: Ground, *, lines: int) -> Path:
    """This function will write a statement on which debtors pay a tenth of a claim each, by its reference."""
    with ground.postgres.superuser(LOADED) as connection:
        claims = connection.execute(
            "SELECT payment_reference, greatest(principal_minor / 10, 100) FROM claim"
            " WHERE state = 'active' ORDER BY id LIMIT %s",
            [lines],
        ).fetchall()
    if len(claims) < lines:
        raise BenchFailed(f"{len(claims)} claims take payments, {lines} are wanted")

    def decimal(minor: int) -> str:
        return f"{minor // 100}.{minor % 100:02d}"

    total = sum(minor for _, minor in claims)
    file = ground.folder / f"statement-{lines}.xml"
    with file.open("w") as out:
        opening = _BALANCE.format(code="OPBD", amount="0.00", day=DAY)
        closing = _BALANCE.format(code="CLBD", amount=decimal(total), day=DAY)
        out.write(_HEAD.format(day=DAY, iban=IBAN, opening=opening, closing=closing))
        for number, (reference, minor) in enumerate(claims):
            out.write(_ENTRY.format(amount=decimal(minor), day=DAY, number=number, reference=reference))
        out.write(_TAIL)
    return file


def measure_bank_day(
    ground: Ground, *, file: Path, lines: int, pairs: int, say: Callable[[str], None]
) -> Line:
    """This function will time a statement from bytes to matched, divided, booked and proven."""
    line = Line(f"Bank day of {lines:,} lines", "lines/s", lines, ">= 0.20 of expat and COPY")
    side = _Sides(ground, file, lines, line)
    alternate(
        line,
        ours=side.take_in,
        other=side.copy_bare,
        before_ours=side.make_ready,
        before_other=side.make_empty,
        cpu_of=side.cpu,
        pairs=pairs,
        say=say,
    )
    side.close()
    line.notes["matched and booked"] = f"{side.outcome['matched']:,} of {lines:,}"
    line.notes["peak memory"] = (
        f"{line.median('import_mib'):,.0f} MiB after the import, {line.median('peak_mib'):,.0f} MiB after"
        f" all; at most {MEMORY_MAX_MIB} is promised"
    )
    return line


class _Sides:
    """The two sides; each run of ours has a process of its own, whose peak memory is the run's."""

    def __init__(self, ground: Ground, file: Path, lines: int, line: Line) -> None:
        self.ground = ground
        self.file = file
        self.lines = lines
        self.line = line
        self.helper: Helper | None = None
        self.outcome: dict[str, Any] = {}

    def close(self) -> None:
        if self.helper is not None:
            self.helper.close()
            self.helper = None

    def make_ready(self) -> None:
        self.close()
        self.ground.copy(LOADED, "bench_bank")
        environment = self.ground.environment("bench_bank", AGENCY_TRUST_IBAN=IBAN)
        self.helper = Helper("infra.bench.banking", environment)

    def make_empty(self) -> None:
        self.close()
        self.ground.copy("template1", "bench_bare")
        with self.ground.postgres.superuser("bench_bare") as connection:
            connection.execute("CREATE TABLE line (number int, amount text, reference text, name text)")

    def cpu(self) -> float:
        return self.ground.cpu() + (self.helper.cpu() if self.helper else 0.0)

    def take_in(self) -> None:
        assert self.helper is not None
        outcome = self.helper.ask(file=str(self.file), iban=IBAN)
        if outcome["payments"] != self.lines or outcome["matched"] != self.lines:
            raise BenchFailed(f"the bank's day left work undone: {outcome}")
        self.line.measure(import_mib=outcome["import_mib"], peak_mib=outcome["peak_mib"])
        self.outcome = outcome

    def copy_bare(self) -> None:
        """Expat sees every element, and the texts of four of them go into a table."""
        with (
            self.ground.postgres.superuser("bench_bare") as connection,
            connection.cursor().copy("COPY line FROM STDIN") as copy,
        ):
            seen = _Seen(copy.write_row)
            with self.file.open("rb") as content:
                seen.parser.ParseFile(content)
        if seen.number != self.lines:
            raise BenchFailed(f"expat found {seen.number} lines")


class _Seen:
    """Four texts of each entry, handed on at its end."""

    WANTED = ("Amt", "Ustrd", "Nm")

    def __init__(self, write: Callable[[tuple[Any, ...]], None]) -> None:
        self.write = write
        self.number = 0
        self.texts: dict[str, str] = {}
        self.inside = ""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.say

    def start(self, name: str, _: dict[str, str]) -> None:
        self.inside = name

    def say(self, text: str) -> None:
        if self.inside in self.WANTED:
            self.texts[self.inside] = text

    def end(self, name: str) -> None:
        self.inside = ""
        if name == "Ntry":
            self.number += 1
            self.write((self.number, *(self.texts.get(wanted) for wanted in self.WANTED)))

"""The same movements as different banks' formats tell them, each with what that format leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.bankfiles.bank_samples import balance, camt053, entry, statement

ACCOUNT = "NL91ABNA0417164300"
DAY = date(2026, 11, 2)


@dataclass(frozen=True)
class Paid:
    """One real movement; `cents` is signed."""

    cents: int
    iban: str = "NL86INGB0002445588"
    text: str = "Factuur 42"
    end_to_end: str = ""
    day: date = DAY
    ref: str | None = None


def decimal(cents: int) -> str:
    return str(Decimal(abs(cents)) / 100 + Decimal("0.00"))


def mark(cents: int) -> str:
    return "CRDT" if cents >= 0 else "DBIT"


def closing_of(lines: Sequence[Paid], opening: int) -> int:
    return opening + sum(line.cents for line in lines)


def camt(lines: Sequence[Paid], opening: int) -> bytes:
    closing, last = closing_of(lines, opening), max((line.day for line in lines), default=DAY)
    return camt053(
        statement(
            *(_entry(line) for line in lines),
            opening=balance("OPBD", decimal(opening), mark=mark(opening), day=str(last)),
            closing=balance("CLBD", decimal(closing), mark=mark(closing), day=str(last)),
        )
    )


def _entry(line: Paid) -> str:
    party, account = ("Dbtr", "DbtrAcct") if line.cents >= 0 else ("Cdtr", "CdtrAcct")
    refs = f"<Refs><EndToEndId>{line.end_to_end}</EndToEndId></Refs>" if line.end_to_end else ""
    return entry(
        decimal(line.cents),
        direction=mark(line.cents),
        ref=line.ref,
        day=str(line.day),
        details=f"<TxDtls>{refs}<RltdPties><{party}><Nm>J JANSEN</Nm></{party}>"
        f"<{account}><Id><IBAN>{line.iban}</IBAN></Id></{account}></RltdPties>"
        f"<RmtInf><Ustrd>{line.text}</Ustrd></RmtInf></TxDtls>",
    )


def mt940(lines: Sequence[Paid], opening: int) -> bytes:
    """No reference of the bank's; the end-to-end id among the texts."""
    closing, last = closing_of(lines, opening), max((line.day for line in lines), default=DAY)

    def stated(cents: int) -> str:
        return f"{'C' if cents >= 0 else 'D'}{last:%y%m%d}EUR{decimal(cents).replace('.', ',')}"

    told = "".join(
        f":61:{line.day:%y%m%d%m%d}{'C' if line.cents >= 0 else 'D'}{decimal(line.cents).replace('.', ',')}"
        f"N654NONREF\n:86:/TRTP/SEPA OVERBOEKING/IBAN/{line.iban}/BIC/INGBNL2A/NAME/J JANSEN/REMI/{line.text}"
        f"/EREF/{line.end_to_end or 'NOTPROVIDED'}\n"
        for line in lines
    )
    return (
        f":20:AFSCHRIFT\n:25:{ACCOUNT}\n:28C:1/1\n:60F:{stated(opening)}\n{told}:62F:{stated(closing)}\n-\n"
    ).encode()


def coda(lines: Sequence[Paid], opening: int) -> bytes:
    """Numbers of its own, texts in capitals over three records."""
    closing, last = closing_of(lines, opening), max((line.day for line in lines), default=DAY)

    def sign(cents: int) -> str:
        return f"{'0' if cents >= 0 else '1'}{abs(cents) * 10:015d}"

    account = f"{ACCOUNT:<34}EUR"
    records = [
        f"0{'':4}{last:%d%m%y}30005{'':8}{'REF':<10}{'KLANT':<26}{'KREDBEBB':<11}{'':11} {'':5}".ljust(127)
        + "2",
        f"13001{account}{sign(opening)}{last:%d%m%y}{'KLANT':<26}{'REKENING':<35}001",
    ]
    for number, line in enumerate(lines, start=1):
        place, text = f"{number:04d}0000", line.text.upper().ljust(149)
        records += [
            f"21{place}{f'OWN{number}':<21}{sign(line.cents)}{line.day:%d%m%y}001500000"
            f"{text[:53]}{line.day:%d%m%y}0010".ljust(125)
            + "1 0",
            f"22{place}{text[53:106]}{line.end_to_end:<35}".ljust(125) + "1 0",
            f"23{place}{line.iban:<34}EUR{'JANSEN':<35}{text[106:149]}".ljust(125) + "0 0",
        ]
    records.append(f"8001{account}{sign(closing)}{last:%d%m%y}".ljust(127) + "0")
    out = sum(-line.cents for line in lines if line.cents < 0)
    came = sum(line.cents for line in lines if line.cents > 0)
    records.append(f"9{'':15}{len(records) - 1:06d}{out * 10:015d}{came * 10:015d}".ljust(127) + "2")
    return ("\r\n".join(records) + "\r\n").encode("latin-1")


def ing(lines: Sequence[Paid], opening: int) -> bytes:
    """The latest row first, everything about a payment in one text, a balance behind each row."""
    rows, balance_now = [], opening
    for line in lines:
        balance_now += line.cents
        kenmerk = f" Kenmerk: {line.end_to_end}" if line.end_to_end else ""
        cells = [
            f"{line.day:%Y%m%d}", "J JANSEN", ACCOUNT, line.iban, "OV", "Bij" if line.cents >= 0 else "Af",
            decimal(line.cents).replace(".", ","), "Overschrijving",
            f"Naam: J JANSEN Omschrijving: {line.text} IBAN: {line.iban}{kenmerk}"
            f" Valutadatum: {line.day:%d-%m-%Y}",
            f"{'-' if balance_now < 0 else ''}{decimal(balance_now).replace('.', ',')}", "",
        ]  # fmt: skip
        rows.append(";".join(f'"{cell}"' for cell in cells))
    head = (
        "Datum;Naam / Omschrijving;Rekening;Tegenrekening;Code;Af Bij;Bedrag (EUR);Mutatiesoort;"
        "Mededelingen;Saldo na mutatie;Tag"
    )
    return "\n".join([head, *rows[::-1], ""]).encode()


def bunq(lines: Sequence[Paid], _: int = 0) -> bytes:
    """No balances and no end-to-end id."""
    rows = [
        f'"{line.day}","{"-" if line.cents < 0 else ""}{decimal(line.cents).replace(".", ",")}","{ACCOUNT}",'
        f'"{line.iban}","J JANSEN","{line.text}"'
        for line in lines
    ]
    return "\n".join(['"Datum","Bedrag","Rekening","Tegenrekening","Naam","Omschrijving"', *rows]).encode()


FORMATS = {"camt": camt, "mt940": mt940, "coda": coda, "ing": ing, "bunq": bunq}

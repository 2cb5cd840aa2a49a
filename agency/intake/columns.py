"""What columns mean, from their names and from what stands in them; each proposal says why.

Only names that packages really use are taken without a question. What is recognised by content is proposed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Final, Literal

from stdnum import iban as stdnum_iban

from agency.intake import values
from agency.intake.amount_columns import COMPUTED, RUNNING, SIGNED, age_columns
from agency.intake.amount_words import says
from agency.intake.amounts import NotUnderstood
from agency.intake.doubts import find_kinds, has_its_street, is_own_account, misleads
from agency.intake.grouped import NAME_ABOVE
from agency.intake.headers import folded, known_field, spelled
from agency.intake.name_columns import WORKED_OUT
from agency.intake.table import Cell, Row
from agency.intake.writing import is_amount, is_date, read_both_ways

Why = Literal["named", "hinted", "content"]
_LOOKED_AT: Final = 60  # filled cells of a column: enough to know what it holds
MOST: Final = 80  # per cent of the filled cells that must agree
_ENOUGH: Final = 3
_WORKED_OUT: Final = WORKED_OUT | {NAME_ABOVE}
_PERSONS: Final = frozenset(
    ("debiteur", "klant", "relatie", "customer", "client", "debtor", "kunde", "debitor", "tiers", "konto",
     "verkooprelatie", "afnemer")
)  # fmt: skip
_ROLES: Final = frozenset({"client", "klant", "debiteur", "customer", "tiers", "kunde", "relatie"})
_NAMES: Final = re.compile(r"na+me?(?:$|n)|naam|name|nom|bezeichnung|denomination|raisonsociale|intitule")
_BOOK_BEFORE: Final = re.compile(r"^[A-Z]{1,6} (?=\d)")
_CODES: Final = frozenset(("code", "nummer", "nr", "number", "no", "compte", "konto", "rekening", "account"))
_NUMBER_BEFORE: Final = re.compile(r"^\d+\s+(?:-\s+)?")
# A column of days may hold them without signs: "20260112" is the 12th of January, or the 112th of 2026.
_DAYS_SAID: Final = re.compile(r"dat|verval|vervd|echeance|due|fall?ig|faellig")
_LOCAL: Final = re.compile(r"local|lokale|hauswahr|hauswaehr|devisesociete|monnaielocale")
_THEIRS: Final = re.compile(r"^(?:uw|your|votre|ihr)|order|bestel|commande|bestell")

# Parts of names, strongest first: "Naam tegenpartij" is a name, "Factuurnr. klant" is an invoice number.
HINTS: Final[dict[str, str]] = {
    "invoice_number": "factu invoice rechnung boekstuk stuknr document beleg ndoc docn onzeref ourref piece"
    " declarat notan"
    " volgn bewijs referen =number =nummer =numero =doc =num =nr",
    "debtor_name": "naamtegenpartij naam name nom bezeichnung klant debiteur customer client kunde bedrijf"
    " firma afnemer relatie huurder patient debtor tiers partner =contact contactname contactnaam"
    " beschriftung empfang tenaamst eigenaar verzorger",
    "amount": "totaloverdue openstaand open totaloutstanding outstanding overdue saldo rest bedrag amount"
    " montant betrag solde debet ouvert encours amt",
    "total": "totaal total factuurbedrag origineel brut",
    "issued_on": "factuurdatum boekdatum datum date datumb uitgifte emission factdat",
    "due_on": "verval vervd echeance due faellig fallig betaaldatum termijn betalenvoor verloop zahlungs"
    " uiterst expir dateech",
    "debtor_reference": "=cif =cifnr =cifno klantn klantc debiteurn debiteurc relatienu relatienr"
    " relatiec customern"
    " clientn numeroclient kundennr",
    "iban": "tegenrekening iban rekening account compte",
    "currency": "valuta munt =mun currency devise lcurr waers",
    "email": "mail",
    "phone": "tel phone gsm mobiel",
    "postal_code": "postc postk zip plz codepostal",
    "city": "plaats gemeente city stad ville ort",
    "street": "straat street adres address rue strasse",
    "country": "land country pays",
    "vat_number": "btw vat tva ust",
    "registration_number": "kvk kbo ondernemings coc bce siren",
    "description": "omschrijving description mededeling libelle betreft communication",
}


@dataclass(frozen=True)
class Reason:
    """Why a column is proposed for a field: its name, a part of its name, or what stands in it."""

    field: str
    header: str
    why: Why


@dataclass(frozen=True)
class Proposal:
    """Our fields with the header proposed for each, and why."""

    columns: Mapping[str, str]
    reasons: tuple[Reason, ...]


def propose(headers: Sequence[str], sample: Sequence[Row]) -> Proposal:
    """This function will propose at most one column per field, the surest first.

    A name that packages use outweighs a part of a name, and both what stands in the column; what stands in it
    can rule a column out, never be overruled.
    """
    columns = {header: _filled(sample, at) for at, header in enumerate(headers)}
    running = _running(headers, sample)
    candidates = [
        *_candidates(columns, running),
        *_told_by_values(columns, running, headers, sample),
    ]
    ranked = sorted(candidates, key=lambda found: -found[0])
    chosen: dict[str, str] = {}
    reasons = []
    for _, reason in ranked:
        if reason.field not in chosen and reason.header not in chosen.values():
            chosen[reason.field] = reason.header
            reasons.append(reason)
    if "debtor_name" not in chosen and (name := _name_without_headers(chosen, columns)):
        chosen["debtor_name"] = name
        reasons.append(Reason("debtor_name", name, "content"))
    _choose_least_open(chosen, headers, sample)
    left = what_may_be_left(chosen, headers, sample) if "amount" in chosen else None
    if left and left not in chosen.values() and not _never_less(headers, sample, left, chosen["amount"]):
        reasons = [reason for reason in reasons if reason.field not in ("amount", "total")]
        reasons += [Reason("amount", left, "content"), Reason("total", chosen["amount"], "content")]
        chosen |= {"amount": left, "total": chosen["amount"]}
    _order_dates(chosen, columns)
    _drop_smaller_total(chosen, headers, sample)
    kept = tuple(
        replace(reason, header=chosen["amount"]) if reason.field == "amount" else reason
        for reason in reasons
        if reason.field in chosen or reason.field == "due_on"
    )
    return Proposal(chosen, kept)


def _name_without_headers(chosen: Mapping[str, str], columns: Mapping[str, list[Cell]]) -> str | None:
    """The first column of words in a list whose columns have no names."""
    if not all(header.startswith("column ") for header in columns):
        return None
    wordy = (
        header
        for header, cells in columns.items()
        if header not in chosen.values() and len(set(cells)) > 1 and _names(cells) is not False
    )
    return next(wordy, None)


def _choose_least_open(chosen: dict[str, str], headers: Sequence[str], sample: Sequence[Row]) -> None:
    """Of several amounts that say they are open, one that is never more than the others is what is left:
    "Amount Due" may be what the invoice asked, beside "Amount Remaining"."""
    amount = chosen.get("amount", "")
    if says(spelled(amount)) != "open":
        return
    places = {header: _filled(sample, list(headers).index(header)) for header in headers}
    others = [
        header
        for header in headers
        if header not in chosen.values()
        and says(spelled(header)) == "open"
        and not _LOCAL.search(folded(header))
        and places[header]
        and all(map(is_amount, places[header]))
    ]
    for other in others:
        if _never_less(headers, sample, amount, other) and not _never_less(headers, sample, other, amount):
            chosen["amount"] = amount = other


def _told_by_values(
    columns: Mapping[str, list[Cell]],
    running: Mapping[str, bool],
    headers: Sequence[str],
    sample: Sequence[Row],
) -> Iterable[tuple[int, Reason]]:
    """What only values say: which column tells credit notes apart, and that of two columns called after the
    debtor one holds numbers; an amount beside what is still open of it is its total."""
    kinds = find_kinds(headers, sample)
    if kinds:
        yield 2_000_000, Reason("document_kind", kinds, "content")
    still_open = any(says(header) == "open" for header in headers) or False in running.values()
    for at, (header, cells) in enumerate(columns.items()):
        if folded(header) in _PERSONS and cells and _most(sum(map(_is_code, cells)), cells):
            yield 150_000 - at, Reason("debtor_reference", header, "content")
        if _stands_before_name(at, headers) and len(set(map(str, cells))) > 1 and all(map(_is_code, cells)):
            yield 140_000 - at, Reason("debtor_reference", header, "content")
        if still_open and known_field(header) == "amount" and says(header) is None and cells:
            yield 100_000 - at, Reason("total", header, "content")


def _stands_before_name(at: int, headers: Sequence[str]) -> bool:
    """Whether a column called "Code" or so stands before the one of the debtor's name: his number with us."""
    return (
        folded(headers[at]) in _CODES
        and at + 1 < len(headers)
        and known_field(headers[at + 1]) == "debtor_name"
    )


def number_beside_name(names: Sequence[str], headers: Sequence[str], sample: Sequence[Row]) -> str | None:
    """This function will return which of two columns called after the debtor holds its numbers, where every
    value says so: numbers in the one, none in the other. None where that is not plain.
    """
    cells = {name: _filled(sample, list(headers).index(name)) for name in names}
    numbers = [name for name in names if cells[name] and all(map(_is_number_of_debtor, cells[name]))]
    if len(names) != 2:
        return None
    if not numbers:
        return _code_beside_name(names, cells)
    if len(numbers) != 1:
        return None
    (other,) = set(names) - set(numbers)
    are_names = _names(cells[other]) is not False and not any(map(_is_number_of_debtor, cells[other]))
    return numbers[0] if cells[other] and are_names else None


def _code_beside_name(names: Sequence[str], cells: Mapping[str, list[Cell]]) -> str | None:
    """The column of codes in letters, as WinBooks and BOB give each customer: called after him, short and in
    capitals, beside a column that is called a name and holds some that are no such code."""
    codes = [
        one for one in names if folded(one) in _ROLES and cells[one] and all(map(_is_short_code, cells[one]))
    ]
    told = [one for one in names if _NAMES.search(folded(one)) and not all(map(_is_short_code, cells[one]))]
    return codes[0] if len(codes) == len(told) == 1 else None


def _is_short_code(cell: Cell) -> bool:
    return re.fullmatch(r"[A-Z0-9][A-Z0-9./-]{1,11}", str(cell).strip()) is not None


def _is_number_of_debtor(cell: Cell) -> bool:
    return (
        isinstance(cell, Decimal)
        or re.fullmatch(r"[A-Z]{0,5}[-./]?\d[\d./-]*", str(cell).strip()) is not None
    )


def _candidates(
    columns: Mapping[str, list[Cell]], running: Mapping[str, bool]
) -> Iterable[tuple[int, Reason]]:
    order = {header: at for at, header in enumerate(columns)}
    for header, cells in columns.items():
        for field, hints in HINTS.items():
            named = known_field(header) == field
            part = next((at for at, hint in enumerate(hints.split()) if _hinted(header, hint)), None)
            if not named and part is None and field not in _TELLING:
                continue
            fits = _fits(field, cells, called=named or part is not None, header=header)
            if (
                fits is False
                or (not cells and not named)
                or (part is None and not named and _is_other(field, header))
            ):
                continue
            score = 1000 if named else 200 - 10 * min(part, 9) if part is not None else 0
            score += 100 if fits else 0
            score += _said_more(field, header, running)
            if field == "debtor_name" and len(cells) >= _ENOUGH and len(set(cells)) == 1:
                score = 150 if named else 0  # the same name on every row may be the creditor's own
            if field == "iban" and is_own_account(cells):
                score = 0
            if score <= 0 or (
                field in ("amount", "invoice_number", "debtor_name") and score == 100 and fits is None
            ):
                continue
            why: Why = "named" if named else "hinted" if part is not None else "content"
            yield score * 1000 - order[header], Reason(field, header, why)
        ours = known_field(header)
        if ours and ours not in HINTS and not misleads(ours, cells) and has_its_street(ours, columns):
            yield 1_000_000 - order[header], Reason(ours, header, "named")


def _said_more(field: str, header: str, running: Mapping[str, bool]) -> int:
    """What else a name says for or against a field: what is still open goes before what was invoiced."""
    if field == "debtor_name":
        return 50 if header in _WORKED_OUT or _NAMES.search(folded(header)) else 0
    if field == "debtor_reference":
        return -5000 if _NAMES.search(folded(header)) else 0
    if field not in ("amount", "total"):
        return 0
    if _LOCAL.search(folded(header)):  # what the invoice itself asks goes before what the books make of it
        return -60
    said = says(spelled(header))
    if header in _WORKED_OUT:  # beside it stand its parts, and often a running balance
        return 1500 if header == SIGNED else 500
    if said in ("vat", "paid"):
        return -5000
    if said == "without_vat":
        return -150 if field == "amount" else -5000
    if field == "amount" and header in running:
        return -950 if running[header] else 1100
    if said == "open":
        return 1000 if field == "amount" else -5000
    # What is due of a loan is not all that is outstanding, and no more may be asked than what is due.
    return 1100 if field == "amount" and "overdue" in folded(spelled(header)) else 0


def _is_other(field: str, header: str) -> bool:
    """Whether a name says that values alone must not make a column this field."""
    if field == "due_on":
        return not header.startswith("column ")  # a value date or a date of booking is no day to pay
    return field == "invoice_number" and bool(_THEIRS.search(folded(header)))


def _is_code(cell: Cell) -> bool:
    text = str(cell).strip()
    return isinstance(cell, Decimal) or (" " not in text and (text.isupper() or any(map(str.isdigit, text))))


def _running(headers: Sequence[str], sample: Sequence[Row]) -> dict[str, bool]:
    """The balances beside an amount: True for one that runs on from row to row, False for what is open of
    each amount, which is never more than the amount."""
    amounts = [header for header in headers if known_field(header) == "amount" and header not in COMPUTED]
    balances = [header for header in amounts if folded(header) in RUNNING]
    rest = [header for header in amounts if header not in balances]
    return {
        balance: any(not _never_less(headers, sample, other, balance) for other in rest)
        for balance in balances
        if rest
    }


def _never_less(headers: Sequence[str], sample: Sequence[Row], header: str, than: str) -> bool:
    """Whether no amount in one column is less than that of the other column beside it."""
    at, other = list(headers).index(header), list(headers).index(than)
    for _, row in sample[:_LOOKED_AT]:
        pairs = [read_both_ways(row[place]) if place < len(row) else [] for place in (at, other)]
        both = [(one, two) for one, two in zip(*pairs, strict=False) if one is not None and two is not None]
        if both and all(abs(one) < abs(two) or one * two < 0 for one, two in both):
            return False
    return True


def what_may_be_left(columns: Mapping[str, str], headers: Sequence[str], sample: Sequence[Row]) -> str | None:
    """This function will return a column that nobody knows and that may hold what is left of the amount: it
    is never more, and the same on some row. None where the amount itself says that it is open, or is worked
    out of others."""
    amount = columns["amount"]
    if says(amount) == "open" or amount in COMPUTED:
        return None
    known = {*columns.values(), *(headers[at] for at in age_columns(headers))}
    for header in headers:
        unknown = header not in known and known_field(header) is None and says(header) is None
        unknown = unknown and not _LOCAL.search(folded(header))
        cells = _filled(sample, list(headers).index(header)) if unknown else []
        if (
            cells
            and all(map(is_amount, cells))
            and _same_somewhere(headers, sample, amount, header)
            and _never_less(headers, sample, amount, header)
        ):
            return header
    return None


def _same_somewhere(headers: Sequence[str], sample: Sequence[Row], header: str, other: str) -> bool:
    at, beside = list(headers).index(header), list(headers).index(other)
    for _, row in sample:
        if len(row) > max(at, beside):
            pairs = zip(read_both_ways(row[at]), read_both_ways(row[beside]), strict=True)
            if any(one and one == two for one, two in pairs):
                return True
    return False


def _drop_smaller_total(chosen: dict[str, str], headers: Sequence[str], sample: Sequence[Row]) -> None:
    """A total that is less than what is open of it, is another total."""
    if {"amount", "total"} <= chosen.keys() and not _never_less(
        headers, sample, chosen["total"], chosen["amount"]
    ):
        del chosen["total"]


def _hinted(header: str, hint: str) -> bool:
    """Short hints must begin a word: "tel" is in "Telefoon", not in "Wertstellung"; behind = stands all of
    it."""
    if hint.startswith("="):
        return folded(header) == hint[1:]
    header = spelled(header)
    if len(hint) > 3:
        return hint in folded(header)
    return any(folded(word).startswith(hint) for word in re.split(r"[^\w]+|_|(?<=[a-z])(?=[A-Z])", header))


def _order_dates(chosen: dict[str, str], columns: Mapping[str, list[Cell]]) -> None:
    """The one date there is, is the invoice's; without one, the term that the law gives follows from it."""
    named = {known_field(header) for header in columns}
    if "due_on" in chosen and "issued_on" not in chosen and "due_on" not in named:
        chosen["issued_on"] = chosen.pop("due_on")


def _filled(sample: Sequence[Row], at: int) -> list[Cell]:
    cells = (row[at] for _, row in sample if len(row) > at)
    filled = (cell for cell in cells if cell is not None and str(cell).strip())
    return list(islice(filled, _LOOKED_AT))


def _fits(field: str, cells: Sequence[Cell], *, called: bool, header: str) -> bool | None:
    """Whether most cells are what the field needs; None for fields of free text, which all fit.

    :param called: whether its name, the header, says so too.
    """
    test = _TESTS.get(field)
    if test is None or not cells:
        return None
    if field == "invoice_number":
        numbered = called and not _DAYS_SAID.search(folded(header))
        return _numbers_of_documents(cells, after_book=called, numbered=numbered)
    if field == "debtor_name":
        return _names(cells)
    most = _most(sum(test(cell) for cell in cells), cells)
    if most and field == "amount":
        return True if all(isinstance(cell, Decimal) or _is_decimal(str(cell)) for cell in cells) else None
    if most:
        return True if field in _TELLING else None
    return False


def _numbers_of_documents(cells: Sequence[Cell], *, after_book: bool, numbered: bool) -> bool | None:
    """Whether cells number documents, with the code of the book before it where their name says so too: "VEN
    2026/100" below "Pièce" is a number, "Kerkweg 12" below nothing is none.

    :param numbered: digits that could be a day without signs are numbers: the name says so, and of no day.
    """
    texts = [str(cell).strip() for cell in cells]
    if after_book:
        texts = [_BOOK_BEFORE.sub("", text) for text in texts]
    fitting = [
        text
        for text in texts
        if re.fullmatch(r"(?=.*\d)[\w./\-]{1,30}", text)
        and ((numbered and text.isdigit()) or not is_date(text))
    ]
    if not _most(len(fitting), texts):
        return False
    distinct = _most(len(set(texts)), texts)
    return True if distinct and len(texts) >= _ENOUGH and not any(map(_is_decimal, texts)) else None


def _names(cells: Sequence[Cell]) -> bool | None:
    texts = [str(cell).strip() for cell in cells]
    wordy = [
        text
        for text in texts
        # Before many a name stands its number.
        if sum(map(str.isalpha, _NUMBER_BEFORE.sub("", text))) * 2 > len(_NUMBER_BEFORE.sub("", text))
        and "@" not in text
    ]
    return None if _most(len(wordy), texts) and max(map(len, texts)) > 3 else False


def _most(agreeing: int, cells: Sequence[object]) -> bool:
    return agreeing * 100 >= len(cells) * MOST


def _is_decimal(text: str) -> bool:
    return bool(re.fullmatch(r"[-+€ ]*[\d., ]*[.,](?:\d{1,2}-?|-{1,2})", text))


def _is_country(cell: Cell) -> bool:
    try:
        values.country(str(cell))
    except NotUnderstood:
        return False
    return True


def _matches(pattern: str) -> Callable[[Cell], bool]:
    compiled = re.compile(pattern, re.ASCII | re.IGNORECASE)
    return lambda cell: compiled.fullmatch(str(cell).strip()) is not None


def _is_iban(cell: Cell) -> bool:
    return isinstance(cell, str) and bool(stdnum_iban.is_valid(cell.strip(), check_country=False))


_TESTS: Final[dict[str, Callable[[Cell], bool]]] = {
    "amount": is_amount,
    "total": is_amount,
    "issued_on": is_date,
    "due_on": is_date,
    "iban": _is_iban,
    "email": _matches(r"[^@\s]+@[^@\s]+\.[a-z]{2,}"),
    "postal_code": _matches(r"[1-9]\d{3} ?[A-Z]{2}|(?:B-)?\d{4}|\d{5}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"),
    "currency": _matches(r"[A-Z]{3}|€"),
    "country": _is_country,
    "phone": _matches(r"[+0(][\d\s()./\-]{7,20}"),
    "vat_number": _matches(r"(?:[A-Z]{2})?[\d.\s]{8,14}(?:B\d{2})?"),
    "registration_number": _matches(r"(?:BE)?[\d.\s]{8,14}"),
    "invoice_number": lambda cell: True,
    "debtor_name": lambda cell: True,
}
# What stands in these columns tells by itself what they are.
_TELLING: Final = frozenset({"iban", "email", "issued_on", "due_on", "amount", "invoice_number"})

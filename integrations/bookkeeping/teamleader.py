"""Teamleader Focus over its API, read only.

Verified in Teamleader's own material (its API blueprint on GitHub, teamleadercrm/api, and pages of
developer.focus.teamleader.eu as others have kept them): the sign-in ("Authorization flow": a code works once
and for ten minutes, an access token an hour, a refresh token once), that all is asked by POST with JSON ("GET
is still possible, but deprecated"), `departments.list`, `invoices.list` with its filters and its two fields
to sort by, `total.due` there, `invoices.info` with `payments`, `invoices.download` ("a temporary url"),
`creditNotes.list`, that a credit note "reduces the due amount of the credited invoice", `companies.list` and
`contacts.list` by `ids`, and 200 calls a minute in a sliding window ("Rate limiting"). Public programs that
run against it confirm the addresses, the client's id and secret in the form, pages of 100, and that lists of
invoices and credit notes carry no count of all.

From documentation only, never tried against Teamleader: everything. Not said there: the order of invoices of
one day (number is asked for), whether a payment moves an invoice's `updated_at` (taken so), whether a list of
companies leaves out those that were set aside (who is missing is asked for as such), on which host a document
lies (`cdn.teamleader.eu` in its examples, and a setting), whether an invoice that was paid and then credited
stays below nothing anywhere. What a registration may read is chosen where it is made: departments, invoices,
companies and contacts.

Left aside: a contact's national number, which is a person's own (a company's is its registration number);
what the creditor put on hold (`on_hold_since`, which lists do not tell); late fees, which are ours to reckon.
Lists tell one address, the customer's first and not the one for invoices. In which words a bank line paid is
not told, nor how much of an invoice was credited, so a fall by a credit note is asked.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

import httpx

from agency.calendar import zone_of
from agency.money import Money
from agency.ports.providers import ProviderRefused
from agency.ports.providers.bookkeeping import (
    REVOKED,
    Administration,
    BookedCustomer,
    BookedItem,
    BookedPayment,
    BookPage,
    InvoiceFile,
    Tokens,
)
from integrations.bookkeeping.answers import (
    NotInForm,
    as_documented,
    bounded_file,
    good_json,
    iso_day,
    list_of,
    money_of,
    own_address,
    text_of,
)
from integrations.bookkeeping.by_consent import ask, granted
from integrations.outcomes import http_client

_PAGE: Final = 100
# The window slides: when its oldest call leaves, one more is free, and a page takes several.
_WINDOW_SECONDS: Final = 60
_SPARE_CALLS: Final = 20
_RESTARTS: Final = 5
_HERE: Final = zone_of("BE")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_NO_NAME: Final = re.compile(r"[^\w.-]+")
_LISTS: Final = {"company": "companies.list", "contact": "contacts.list"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where reading stands: behind all invoices before a day, and pages of those from that day on.

    :param last: the last invoice that was told, where one day has more than a page.
    :param restarts: how often this day was begun again.
    """

    part: str = "invoices"
    since: str = ""
    number: int = 1
    last: str = ""
    restarts: int = 0

    @classmethod
    def read(cls, cursor: str) -> "_Place":
        """Read what `text` wrote; nothing begins."""
        if not cursor:
            return cls()
        part, since, number, last, restarts = cursor.split("|")
        if part not in ("invoices", "credits") or (since and iso_day(since) is None):
            raise NotInForm("no cursor of ours")
        return cls(part, since, int(number), last, int(restarts))

    @property
    def text(self) -> str:
        """As it is kept between two pages."""
        return f"{self.part}|{self.since}|{self.number}|{self.last}|{self.restarts}"


class Teamleader:
    """A `Bookkeeping`.

    :param url: where the books are; `door`: where a creditor agrees and tokens are exchanged.
    :param files_url: where documents lie; a link to anywhere else is not followed.
    """

    name = "Teamleader Focus"
    by: Literal["consent", "key"] = "consent"

    def __init__(
        self,
        *,
        url: str,
        door: str,
        files_url: str,
        client_id: str,
        secret: str,
        production: bool,
        timeout_seconds: float = 8,
    ) -> None:
        self._http = http_client(url=url, production=production, timeout_seconds=timeout_seconds)
        self._door = http_client(url=door, production=production, timeout_seconds=timeout_seconds)
        self._files = http_client(url=files_url, production=production, timeout_seconds=timeout_seconds)
        self._door_base, self._files_base = door.rstrip("/"), files_url.rstrip("/")
        self._client = {"client_id": client_id, "client_secret": secret}

    def consent_url(self, *, state: str, redirect_url: str) -> str:
        """See `Bookkeeping.consent_url`."""
        asked = {
            "client_id": self._client["client_id"],
            "response_type": "code",
            "redirect_uri": redirect_url,
            "state": state,
        }
        return f"{self._door_base}/oauth2/authorize?{urlencode(asked)}"

    def connect(self, *, code: str, redirect_url: str, books: str = "") -> Tokens:
        """See `Bookkeeping.connect`."""
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_url}
        return self._tokens(asked, "code")

    def refresh(self, tokens: Tokens) -> Tokens:
        """See `Bookkeeping.refresh`. The old refresh token worked once."""
        return self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh}, REVOKED)

    def administrations(self, tokens: Tokens) -> Sequence[Administration]:
        """See `Bookkeeping.administrations`: departments, which may be companies of their own."""
        content, _ = self._ask(tokens, "departments.list", {})
        with as_documented():
            return [
                Administration(
                    _uuid(row["id"]), text_of(row, "name") or _uuid(row["id"]), text_of(row, "currency", 3)
                )
                for row in list_of(content, "data")
            ]

    def page(
        self, tokens: Tokens, *, administration: str, cursor: str, customers_since: datetime | None
    ) -> BookPage:
        """See `Bookkeeping.page`: invoices that are outstanding, then credit notes of no invoice.

        Pages have a number there, and of what is paid between two of them as many others would be left out.
        So a page begins at the day of the last invoice told, whose own are told again. Where one day has more
        than a page, the page before is read again behind each, for what moved there. Customers are told with
        their invoices, also those that did not change.
        """
        department = _department(administration)
        with as_documented():
            place = _Place.read(cursor)
        if place.part == "credits":
            return self._credits(tokens, department, place)
        rows, pause = self._invoices(tokens, department, place, place.number)
        before: list[dict[str, Any]] = []
        if place.number > 1:
            before, _ = self._invoices(tokens, department, place, place.number - 1)
        with as_documented():
            moved = _moved(place, before)
            following = _following(place, rows, moved)
            owed = [row for row in (*rows, *(moved or ())) if _owed(row, department)]
            items = tuple(_item(row) for row in owed)
        return BookPage(self._customers(tokens, owed), items, following.text, pause)

    def document(
        self, tokens: Tokens, *, administration: str, ref: str, number: str, customer_ref: str
    ) -> InvoiceFile | None:
        """See `Bookkeeping.document`: from the link that Teamleader makes, to which our token does not go."""
        if not _UUID.fullmatch(ref):
            return None
        content, _ = self._ask(tokens, "invoices.download", {"id": ref, "format": "pdf"})
        with as_documented():
            link = str(content["data"]["location"])
        path = own_address(link, base=self._files_base)
        name = _NO_NAME.sub("-", number).strip("-") or ref
        return InvoiceFile(f"{name}.pdf", bounded_file(self._files, path, {}))

    def payments(
        self, tokens: Tokens, *, administration: str, customer_ref: str, since: date, currency: str
    ) -> Sequence[BookedPayment]:
        """See `Bookkeeping.payments`: what stands on the customer's invoices that changed since.

        One page of them: who has more gets the question without an explanation.
        """
        kind, _, customer = customer_ref.partition(":")
        if kind not in _LISTS or not _UUID.fullmatch(customer):
            return ()
        wanted = {
            "department_id": _department(administration),
            "customer": {"type": kind, "id": customer},
            "status": ["outstanding", "matched"],
            # Whose clock it follows is not said: the day before is far enough back.
            "updated_since": f"{since - timedelta(days=1)}T00:00:00+00:00",
        }
        content, _ = self._ask(tokens, "invoices.list", {"filter": wanted, **_paged(1)})
        with as_documented():
            touched = [_uuid(row["id"]) for row in list_of(content, "data") if _touched(row)]
        found: list[BookedPayment] = []
        for invoice in touched:
            content, _ = self._ask(tokens, "invoices.info", {"id": invoice})
            with as_documented():
                found += _payments(content["data"])
        return [one for one in found if one.paid_on >= since and one.amount.currency == currency]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._door.close()
        self._files.close()

    def _tokens(self, asked: Mapping[str, str], refused_as: str) -> Tokens:
        form = {**asked, **self._client}
        return granted(self._door, "/oauth2/access_token", form, refused_as=refused_as)

    def _ask(self, tokens: Tokens, action: str, asked: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        """The answer, and how long to leave them alone after it."""
        answer = ask(self._http, f"/{action}", tokens, body=asked)
        return good_json(answer, effect=False, wait=_wait(answer)), _pause(answer)

    def _invoices(
        self, tokens: Tokens, department: str, place: _Place, number: int
    ) -> tuple[list[dict[str, Any]], int]:
        wanted: dict[str, Any] = {"department_id": department, "status": ["outstanding"]}
        if place.since:
            wanted["invoice_date_after"] = place.since  # that day is in it
        order = [{"field": name, "order": "asc"} for name in ("invoice_date", "invoice_number")]
        content, pause = self._ask(
            tokens, "invoices.list", {"filter": wanted, "sort": order, **_paged(number)}
        )
        with as_documented():
            return list_of(content, "data"), pause

    def _credits(self, tokens: Tokens, department: str, place: _Place) -> BookPage:
        """All of them, whatever was paid out meanwhile, so their pages stand still."""
        asked = {"filter": {"department_id": department}, **_paged(place.number)}
        content, pause = self._ask(tokens, "creditNotes.list", asked)
        with as_documented():
            rows = list_of(content, "data")
            free = [row for row in rows if _free(row, department)]
            items = tuple(_credit(row) for row in free)
        following = replace(place, number=place.number + 1).text if rows else None
        return BookPage(self._customers(tokens, free), items, following, pause)

    def _customers(self, tokens: Tokens, rows: Iterable[Mapping[str, Any]]) -> tuple[BookedCustomer, ...]:
        """Those of these invoices, each once; who is found nowhere any more is left as he was known."""
        with as_documented():
            vat_numbers = {_customer_ref(row): text_of(row["invoicee"], "vat_number", 40) for row in rows}
        found: list[BookedCustomer] = []
        for kind in _LISTS:
            wanted = [ref.partition(":")[2] for ref in vat_numbers if ref.startswith(f"{kind}:")]
            for first in range(0, len(wanted), _PAGE):
                for row in self._people(tokens, kind, wanted[first : first + _PAGE]):
                    with as_documented():
                        ref = f"{kind}:{_uuid(row['id'])}"
                        found.append(_customer(row, ref, vat_numbers.get(ref, "")))
        return tuple(found)

    def _people(self, tokens: Tokens, kind: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        content, _ = self._ask(tokens, _LISTS[kind], {"filter": {"ids": list(ids)}, **_paged(1)})
        with as_documented():
            rows = list_of(content, "data")
            missing = sorted(set(ids) - {_uuid(row["id"]) for row in rows})
        if not missing:
            return rows
        aside = {"ids": missing, "status": "deactivated"}
        content, _ = self._ask(tokens, _LISTS[kind], {"filter": aside, **_paged(1)})
        with as_documented():
            return rows + list_of(content, "data")


def _paged(number: int) -> dict[str, Any]:
    return {"page": {"size": _PAGE, "number": number}}


def _department(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ProviderRefused("department", "this is no department of Teamleader's")
    return text.lower()


def _moved(place: _Place, before: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]] | None:
    """What came behind the last invoice told, on its page, which was read again; None when that is gone."""
    if place.number == 1:
        return ()
    names = [_uuid(row["id"]) for row in before]
    return before[names.index(place.last) + 1 :] if place.last in names else None


def _following(
    place: _Place, rows: Sequence[Mapping[str, Any]], moved: Sequence[Mapping[str, Any]] | None
) -> _Place:
    """Where to go on behind a page: without the last invoice told nobody knows what moved, and its day is
    begun again."""
    if moved is None:
        if place.restarts >= _RESTARTS:
            raise NotInForm("the pages do not stand still")
        return replace(place, number=1, last="", restarts=place.restarts + 1)
    if not rows:
        return _Place("credits")
    days = [str(iso_day(row["invoice_date"])) for row in rows]
    if days != sorted(days) or days[0] < place.since or "None" in days:
        raise NotInForm("not in the order of days")
    if days[-1] > place.since:
        return _Place(since=days[-1])
    return replace(place, number=place.number + 1, last=_uuid(rows[-1]["id"]))


def _owed(row: Mapping[str, Any], department: str) -> bool:
    """Whatever was filtered there: nothing of another company, no draft, nothing paid."""
    mine = _uuid(row["department"]["id"]) == department
    return mine and row["status"] == "outstanding" and bool(row["total"]["due"]["amount"])


def _free(row: Mapping[str, Any], department: str) -> bool:
    """A credit note of an invoice is in what is due of that invoice already."""
    return (
        _uuid(row["department"]["id"]) == department
        and row.get("invoice") is None
        and row["paid"] is False
        and bool(row["total"]["payable"]["amount"])
    )


def _touched(row: Mapping[str, Any]) -> bool:
    total = row["total"]
    return _money(total["due"]) != _money(total["payable"])


def _item(row: Mapping[str, Any]) -> BookedItem:
    name, left, total = _uuid(row["id"]), _money(row["total"]["due"]), _money(row["total"]["payable"])
    return BookedItem(
        ref=name,
        line=name,
        number=text_of(row, "invoice_number", 80),
        customer_ref=_customer_ref(row),
        customer_name=text_of(row["invoicee"], "name"),
        issued_on=iso_day(row.get("invoice_date")),
        due_on=iso_day(row.get("due_on")),
        open=left,
        total=total if total.currency == left.currency else None,
    )


def _credit(row: Mapping[str, Any]) -> BookedItem:
    name, amount = f"credit-{_uuid(row['id'])}", _money(row["total"]["payable"])
    return BookedItem(
        ref=name,
        line=name,
        number=text_of(row, "credit_note_number", 80),
        customer_ref=_customer_ref(row),
        customer_name=text_of(row["invoicee"], "name"),
        issued_on=iso_day(row.get("credit_note_date")),
        due_on=None,
        open=-amount if amount.minor > 0 else amount,
    )


def _customer_ref(row: Mapping[str, Any]) -> str:
    customer = row["invoicee"]["customer"]
    if customer["type"] not in _LISTS:
        raise NotInForm("no customer")
    return f"{customer['type']}:{_uuid(customer['id'])}"


def _customer(row: Mapping[str, Any], ref: str, vat_number: str) -> BookedCustomer:
    at, company = row.get("primary_address") or {}, ref.startswith("company:")
    given = filter(None, (text_of(row, "first_name"), text_of(row, "last_name")))
    return BookedCustomer(
        ref=ref,
        name=text_of(row, "name") if company else " ".join(given)[:200],
        street=text_of(at, "line_1"),
        postal_code=text_of(at, "postal_code", 20),
        city=text_of(at, "city"),
        country=text_of(at, "country", 2).upper(),
        email=_first_of(list_of(row, "emails"), ("invoicing", "primary"), "email", 200),
        phone=_first_of(list_of(row, "telephones"), ("phone", "mobile"), "number", 40),
        vat_number=text_of(row, "vat_number", 40) or vat_number,
        registration_number=text_of(row, "national_identification_number", 40) if company else "",
    )


def _first_of(rows: Sequence[Mapping[str, Any]], kinds: Sequence[str], name: str, longest: int) -> str:
    """The first of the best kind; a fax is none."""
    shown = [text_of(row, name, longest) for kind in kinds for row in rows if row.get("type") == kind]
    return next(filter(None, shown), "")


def _payments(invoice: Mapping[str, Any]) -> list[BookedPayment]:
    """They have no name of their own there: the invoice, the moment and the amount are it."""
    told: Counter[str] = Counter()
    found = []
    for row in list_of(invoice, "payments"):
        amount, moment = _money(row["payment"]), text_of(row, "paid_at", 40)
        if amount.minor <= 0 or not moment:
            continue
        name = f"{_uuid(invoice['id'])}/{moment}/{amount.minor}"
        told[name] += 1
        found.append(
            BookedPayment(
                ref=f"{name}/{told[name]}",
                # A day is kept as a moment: midnight in Belgium is the evening before in UTC.
                paid_on=datetime.fromisoformat(moment).astimezone(_HERE).date(),
                amount=amount,
                description=text_of(invoice, "invoice_number", 80),
            )
        )
    return found


def _money(row: Mapping[str, Any]) -> Money:
    return money_of(row["amount"], str(row["currency"]))


def _uuid(value: Any) -> str:
    text = str(value)
    if not _UUID.fullmatch(text):
        raise NotInForm("no id")
    return text.lower()


def _wait(answer: httpx.Response) -> int | None:
    return _WINDOW_SECONDS if answer.status_code == 429 else None


def _pause(answer: httpx.Response) -> int:
    left = answer.headers.get("x-ratelimit-remaining", "")
    return _WINDOW_SECONDS if left.isdecimal() and int(left) < _SPARE_CALLS else 0

"""What a template gets to see: plain words and figures, written out in the reader's language."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy import Row

from agency.claims.itemisation import ItemisedClaim, ItemisedInvoice
from agency.communication.amounts import AnnouncedCosts
from agency.communication.german_consumers import above_statutory, is_german_consumer
from agency.communication.mandatory import REPLIES
from agency.communication.payment_codes import code_for
from agency.kernel.settings import Settings
from agency.money import Money
from agency.parties.logos import logo_path
from agency.rules.brand import PAPER, fonts
from agency.rules.explain import explain
from agency.rules.facts import Channel, DebtorKind, InterestKind, Law, Phase
from agency.rules.identity import identity_shown
from agency.rules.trace import Trace, TraceLine
from agency.rules.treatment_path import Tone, usual_tone
from agency.rules.words import LANGUAGES, LOCALES, sentence_of
from agency.rules.written_money import written_amount

_BASIS: dict[tuple[Law, bool], dict[str, str]] = {
    (Law.nl, False): {
        "nl": "wettelijke rente, artikel 6:119 BW",
        "en": "statutory interest, article 6:119 Dutch Civil Code",
        "fr": "intérêt légal, article 6:119 du Code civil néerlandais",
        "de": "gesetzliche Zinsen, Artikel 6:119 des niederländischen Bürgerlichen Gesetzbuches",
    },
    (Law.nl, True): {
        "nl": "wettelijke handelsrente, artikel 6:119a BW",
        "en": "statutory commercial interest, article 6:119a Dutch Civil Code",
        "fr": "intérêt commercial légal, article 6:119a du Code civil néerlandais",
        "de": "gesetzliche Handelszinsen, Artikel 6:119a des niederländischen Bürgerlichen Gesetzbuches",
    },
    (Law.be, False): {
        "nl": "interest, artikel XIX.4 Wetboek van economisch recht",
        "en": "interest, article XIX.4 Belgian Code of economic law",
        "fr": "intérêts, article XIX.4 du Code de droit économique",
        "de": "Zinsen, Artikel XIX.4 des belgischen Wirtschaftsgesetzbuches",
    },
    (Law.be, True): {
        "nl": "interest, wet van 2 augustus 2002",
        "en": "interest, Belgian law of 2 August 2002",
        "fr": "intérêts, loi du 2 août 2002",
        "de": "Zinsen, belgisches Gesetz vom 2. August 2002",
    },
    (Law.de, False): {
        "nl": "wettelijke rente, artikel 288 lid 1 Duits Burgerlijk Wetboek",
        "en": "statutory interest, section 288(1) German Civil Code",
        "fr": "intérêt légal, article 288, paragraphe 1, du Code civil allemand",
        "de": "gesetzliche Verzugszinsen, § 288 Absatz 1 BGB",
    },
    (Law.de, True): {
        "nl": "wettelijke rente, artikel 288 lid 2 Duits Burgerlijk Wetboek",
        "en": "statutory interest, section 288(2) German Civil Code",
        "fr": "intérêt légal, article 288, paragraphe 2, du Code civil allemand",
        "de": "gesetzliche Verzugszinsen, § 288 Absatz 2 BGB",
    },
}
_OTHER_BASIS = {
    "nl": "wettelijke rente", "en": "statutory interest", "fr": "intérêt légal", "de": "gesetzliche Zinsen",
}  # fmt: skip
_COSTS_BASIS: dict[Law, dict[str, str]] = {
    Law.nl: {
        "nl": "Dit bedrag volgt uit artikel 6:96 van het Burgerlijk Wetboek.",
        "en": "This amount follows from article 6:96 of the Dutch Civil Code.",
        "fr": "Ce montant découle de l’article 6:96 du Code civil néerlandais.",
        "de": "Dieser Betrag folgt aus Artikel 6:96 des niederländischen Bürgerlichen Gesetzbuches.",
    },
    Law.be: {
        "nl": "Dit bedrag volgt uit artikel 6 van de wet van 2 augustus 2002.",
        "en": "This amount follows from article 6 of the Belgian law of 2 August 2002.",
        "fr": "Ce montant découle de l’article 6 de la loi du 2 août 2002.",
        "de": "Dieser Betrag folgt aus Artikel 6 des belgischen Gesetzes vom 2. August 2002.",
    },
    Law.de: {
        "nl": "Dit is een vergoeding voor het innen, omdat u te laat betaalt (artikel 280 en 286 BGB). Het"
        " bedrag volgt uit de Duitse tabel voor advocaten (RVG) en is nooit hoger (artikel 13e RDG).",
        "en": "This is a fee for collecting, because you pay late (sections 280 and 286 BGB). The amount"
        " follows from the German table for lawyers (RVG) and is never higher (section 13e RDG).",
        "fr": "Ce sont des frais de recouvrement, car vous payez en retard (articles 280 et 286 du BGB)."
        " Le montant suit le barème allemand des avocats (RVG) et ne le dépasse jamais (article 13e du RDG).",
        "de": "Das ist eine Vergütung für das Inkasso, weil Sie zu spät zahlen (§§ 280 und 286 BGB). Der"
        " Betrag folgt aus der Tabelle für Anwälte (RVG) und ist nie höher (§ 13e RDG).",
    },
}
_OTHER_COSTS_BASIS = {
    "nl": "Dit bedrag volgt uit de Europese richtlijn 2011/7/EU.",
    "en": "This amount follows from European directive 2011/7/EU.",
    "fr": "Ce montant découle de la directive européenne 2011/7/UE.",
    "de": "Dieser Betrag folgt aus der europäischen Richtlinie 2011/7/EU.",
}
# Until the creditor has said it, a debtor still has to recognise what is asked of him.
_NOT_DESCRIBED = {
    "nl": ("een levering of dienst volgens factuur {invoices}", "{number} van {day}"),
    "en": ("goods or services on invoice {invoices}", "{number} of {day}"),
    "fr": ("une livraison ou un service selon la facture {invoices}", "{number} du {day}"),
    "de": ("eine Lieferung oder Leistung laut Rechnung {invoices}", "{number} vom {day}"),
}
_INVOICES_IN_MAIL = 10
_BELGIAN_NUMBER = re.compile(r"^([01]\d{3})(\d{3})(\d{3})$")
_AGENCYS_COLOUR = "#0b5cad"
LINK_TO_COME = "…"
# What was told when a message was queued, and is kept with it.
TOLD = ("promise", "payment", "answer", "note", "plan", "refund", "visit", "tone", "copies")


# A message repeats the same figures.
@lru_cache(maxsize=16384)
def money_text(amount: Money, language: str) -> str:
    """Write an amount as a reader of a language does; it never breaks over two lines."""
    written = written_amount(amount, LOCALES.get(language, "en_GB"))
    return written.replace(" ", "\u00a0").replace("\u202f", "\u00a0")


@lru_cache(maxsize=16384)
def date_text(day: date, language: str) -> str:
    """Write a day out in full; the first of a month is "1er" in French."""
    written = format_date(day, format="long", locale=LOCALES.get(language, "en_GB"))
    return f"1er{written[1:]}" if language == "fr" and day.day == 1 else written


@lru_cache(maxsize=4096)
def _percent_text(percent: Decimal, language: str) -> str:
    return str(format_decimal(percent, locale=LOCALES.get(language, "en_GB")))


def message_values(
    *,
    row: Row[Any],
    owed: ItemisedClaim,
    announced: AnnouncedCosts | None,
    today: date,
    settings: Settings,
) -> dict[str, Any]:
    """Return every value of one message; a value that does not apply is an empty text.

    Only what is sent gets a link: until then `LINK_TO_COME` stands in its place.
    """
    language = row.language
    listed = [invoice for invoice in owed.invoices if invoice.open.minor > 0] or list(owed.invoices)
    shown = listed[:_INVOICES_IN_MAIL] if row.channel == Channel.email else listed
    agency = _agency(row, settings, today)
    sender = _sender(row, agency, today)
    return {
        "language": language,
        "date": date_text(today, language),
        "agency": agency,
        "creditor": _creditor(row),
        "sender": sender,
        "brand": _brand(row, on_behalf=sender["on_behalf"], settings=settings),
        # Addresses come from the creditor: nobody traces one, so there is no source to tell.
        "debtor": {
            "name": row.debtor_name,
            "lines": list(address_lines(row, posted_in=settings.letters_posted_in)),
            "address_source": "",
        },
        "claim": _claim(row, listed, language),
        "german": "yes" if is_german_consumer(row) else "",
        "interest_note": above_statutory(row, owed, language),
        "told_before": "yes" if row.told_before else "",
        "invoices": [
            {
                "number": invoice.number,
                "issued_on": date_text(invoice.issued_on, language),
                "due_on": date_text(invoice.due_on, language),
                "amount": money_text(invoice.open, language),
            }
            for invoice in shown
        ],
        "invoices_more": str(len(listed) - len(shown)) if len(listed) > len(shown) else "",
        "amounts": _amounts(owed, language),
        "interest": _interest(row, owed, language),
        "costs": _costs(row, owed, announced, language),
        "term": _term(row),
        "pay": pay_values(row=row, owed=owed, link=LINK_TO_COME, settings=settings),
        "promise": _told(row, "promise", "due_on", language),
        "payment": _told(row, "payment", "on", language),
        "answer": _lines(row, "answer", "on", language),
        "note": _lines(row, "note", "answer_by", language),
        "plan": _plan(row, language),
        "refund": _told(row, "refund", "on", language),
        "visit": _visit(row, language),
        "tone": _tone(row, today),
        "copies": "",  # of which invoices, decided when it is sent
    }


def address_lines(row: Row[Any], *, posted_in: str) -> Sequence[str]:
    """Return the window address of a debtor, abroad with the country (UPU S42); empty parts are left out.

    :param posted_in: the country (ISO 3166-1 alpha-2) from which the letter leaves.
    """
    town = " ".join(part for part in (row.postal_code, row.city) if part)
    abroad = "" if row.country == posted_in else _country_name(row.country, row.language)
    return [line for line in (row.debtor_name, row.street, town, abroad.upper()) if line]


@lru_cache(maxsize=512)
def _country_name(country: str, language: str) -> str:
    name: str = Locale.parse(LOCALES.get(language, "en_GB")).territories.get(country, country)
    return name


def in_creditors_name(row: Row[Any], *, on: date) -> bool:
    """Whether a message goes out under the creditor's brand: reminders and replies, where that was agreed and
    the debtor's country allows it.
    """
    early = is_early(row.template)
    identity = identity_shown(
        country=row.country,
        debtor=DebtorKind(row.debtor_kind),
        phase=Phase.reminder if early else Phase.amicable,
        in_creditors_name=bool(row.in_creditors_name and early),
        on=on,
    )
    return identity.sender == "creditor"


def is_early(template: str) -> bool:
    """Whether a text belongs to the reminders, in which a brand may sign, or answers a debtor."""
    return template.startswith("reminder") or template in REPLIES


def _claim(row: Row[Any], listed: Sequence[ItemisedInvoice], language: str) -> dict[str, str]:
    numbers = [invoice.number for invoice in listed]
    # An e-invoice is described by its own number, which tells nobody what was bought.
    subject = "" if row.description in numbers else row.description
    return {
        "number": row.number,
        "description": subject or _not_described(listed[:3], language),
        "subject": subject,
        "contract_date": date_text(row.contract_on, language) if row.contract_on else "",
    }


def _not_described(listed: Sequence[ItemisedInvoice], language: str) -> str:
    """What a claim is about where its creditor did not say what was bought: which invoices, and of when."""
    bought, dated = _NOT_DESCRIBED.get(language, _NOT_DESCRIBED["en"])
    each = [dated.format(number=one.number, day=date_text(one.issued_on, language)) for one in listed]
    return bought.format(invoices=", ".join(each))


def _agency(row: Row[Any], settings: Settings, today: date) -> dict[str, str]:
    identity = identity_shown(
        country=row.country,
        debtor=DebtorKind(row.debtor_kind),
        phase=Phase.reminder,
        in_creditors_name=False,
        on=today,
    )
    return {
        "name": settings.agency_name,
        "registration": settings.registration_in(row.country, row.language),
        "enterprise_number": settings.agency_chamber_number,
        "supervisor": ", ".join(part for part in (identity.supervisor, identity.reach) if part),
        "phone": settings.agency_phone,
        "email": settings.agency_email,
        "address": settings.agency_address,
        "complaints_url": settings.agency_visits_and_complaints_url,
        "privacy_url": settings.agency_privacy_url,
    }


def _creditor(row: Row[Any]) -> dict[str, str]:
    town = " ".join(part for part in (row.creditor_postal_code, row.creditor_city) if part)
    return {
        "name": row.creditor_name,
        "address": ", ".join(part for part in (row.creditor_street, town) if part),
        "registration": _enterprise_number(row.creditor_registration or ""),
        "phone": row.brand_phone or row.creditor_phone or "",
        "email": row.reply_to or row.creditor_email or "",
    }


def _enterprise_number(number: str) -> str:
    """A Belgian number as Belgians write it, 0403.170.701; any other as it stands."""
    return _BELGIAN_NUMBER.sub(r"\1.\2.\3", number)


def _sender(row: Row[Any], agency: dict[str, str], today: date) -> dict[str, Any]:
    if in_creditors_name(row, on=today):
        return {
            "name": row.sender_name or row.creditor_name,
            "on_behalf": False,
            "address": _creditor(row)["address"],
        }
    return {"name": agency["name"], "on_behalf": True, "address": agency["address"]}


def _brand(row: Row[Any], *, on_behalf: bool, settings: Settings) -> dict[str, Any]:
    """The look: colours and font always, logo and letterhead where the creditor itself signs."""
    font = fonts().get(row.font or "", fonts()["plain"])
    logo = f"{settings.public_url.rstrip('/')}{logo_path(row.creditor_id, row.logo_sha256)}"
    return {
        "colour": row.colour or _AGENCYS_COLOUR,
        "ink": row.ink or PAPER,
        "accent": row.accent or row.colour or _AGENCYS_COLOUR,
        "font": font.mail,
        "letter_font": font.letter,
        "logo": logo if row.logo_sha256 and not on_behalf else "",
        "logo_drawing": "",  # the letter's own copy is put in when it is rendered
        "letterhead": [] if on_behalf else (row.letterhead or "").splitlines(),
        "footer": row.footer or "",
    }


def _amounts(owed: ItemisedClaim, language: str) -> dict[str, str]:
    costs = owed.costs + owed.costs_vat
    return {
        "principal": money_text(owed.principal, language),
        "interest": money_text(owed.interest, language) if owed.interest else "",
        "costs": money_text(costs, language) if costs else "",
        "paid": money_text(owed.paid, language) if owed.paid else "",
        "total": money_text(owed.total, language),
        "open": "yes" if owed.total.minor > 0 else "",
    }


def _interest(row: Row[Any], owed: ItemisedClaim, language: str) -> list[dict[str, str]]:
    """Interest by rate and period; invoices that run over the same days are added up."""
    bases = _BASIS.get((Law(row.law), row.interest_kind == InterestKind.trade), _OTHER_BASIS)
    runs: dict[tuple[date, date, Any], tuple[Money, Money]] = {}
    zero = Money.zero(owed.total.currency)
    for invoice in owed.invoices:
        for segment in invoice.segments:
            key = (segment.first_day, segment.last_day, segment.percent)
            base, amount = runs.get(key, (zero, zero))
            runs[key] = (base + segment.base, amount + segment.amount)
    return [
        {
            "first": date_text(first, language),
            "last": date_text(last, language),
            "percent": _percent_text(percent, language),
            "base": money_text(base, language),
            "amount": money_text(amount, language),
            "basis": bases.get(language, bases["en"]),
            "words": _run_in_words(first, last, percent, base, language),
        }
        for (first, last, percent), (base, amount) in sorted(runs.items(), key=lambda run: run[0][:2])
        if owed.interest
    ]


def _run_in_words(first: date, last: date, percent: Decimal, base: Money, language: str) -> str:
    inputs = {
        "percent": str(percent),
        "base": str(base),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
    }
    line = TraceLine("claim.interest", last.isoformat(), "", inputs, "claim.interest_together")
    return explain([line], _speakable(language))[0].words


def _speakable(language: str) -> str:
    return language if language in LANGUAGES else "en"


def _costs(
    row: Row[Any], owed: ItemisedClaim, announced: AnnouncedCosts | None, language: str
) -> dict[str, Any]:
    bases = _COSTS_BASIS.get(Law(row.law), _OTHER_COSTS_BASIS)
    basis = bases.get(language, bases["en"])
    if announced is None or not announced.total:
        charged = money_text(owed.costs_vat, language) if owed.costs_vat and announced is None else ""
        return {"total": "", "vat": charged, "with_total": "", "basis": basis, "how": []}
    return {
        "total": money_text(announced.total, language),
        "vat": money_text(announced.vat, language) if announced.vat else "",
        "with_total": money_text(owed.total - owed.costs - owed.costs_vat + announced.total, language),
        "basis": basis,
        "how": _costs_in_words(announced.trace, language),
    }


def _costs_in_words(trace: Trace, language: str) -> list[dict[str, str]]:
    """The costs line by line; nothing when a line has no sentence that a debtor could read."""
    if any(sentence_of(line.outcome, "en") is None for line in trace):
        return []
    return [
        {"words": line.words, "amount": money_text(line.amount, language)}
        for line in explain(trace, _speakable(language))
        if line.amount is not None
    ]


def _term(row: Row[Any]) -> dict[str, str]:
    # The copy by e-mail of a notice by letter tells the letter's term, which is the longer one.
    by_post = row.channel == Channel.letter or row.step.endswith("_copy")
    return {"by_post": "yes" if by_post else "", "by_email": "" if by_post else "yes"}


def pay_values(*, row: Row[Any], owed: ItemisedClaim, link: str, settings: Settings) -> dict[str, Any]:
    """Return what a reader needs to pay: the account, the reference, the link, and a letter's code."""
    held, is_link = ("", True)
    if row.channel == Channel.letter and link != LINK_TO_COME:
        held, is_link = code_for(
            country=row.country,
            link=link,
            holder=settings.trust_name,
            iban=settings.trust_iban,
            amount=owed.total,
            reference=row.payment_reference,
        )
    return {
        "link": link,
        "iban": in_fours(settings.trust_iban),
        "holder": settings.trust_name,
        "reference": row.payment_reference,
        "qr": "",  # drawn from what it holds when the letter is rendered
        "qr_holds": held,
        "qr_is_link": is_link,
    }


def _tone(row: Row[Any], today: date) -> dict[str, str]:
    """Which of a text's wordings stand: those of the tone that its step asked for, or of its usual one."""
    spoken = row.told.get("tone") or usual_tone(row.template, on=today)
    return {tone.value: "yes" if tone == spoken else "" for tone in Tone}


def _told(row: Row[Any], name: str, day: str, language: str) -> dict[str, str]:
    """What was told when the message was queued: a promise, a payment."""
    told = row.told.get(name)
    if not told:
        return {"amount": "", day: ""}
    return {
        "amount": money_text(Money(told["amount_minor"], told["currency"]), language),
        day: date_text(date.fromisoformat(told[day]), language),
    }


def _lines(row: Row[Any], name: str, day: str, language: str) -> dict[str, Any]:
    """Words of a person that were told when the message was queued, and their day."""
    told = row.told.get(name)
    if not told:
        return {"lines": [], day: ""}
    return {"lines": list(told["lines"]), day: date_text(date.fromisoformat(told[day]), language)}


def _visit(row: Row[Any], language: str) -> dict[str, str]:
    """The visit that a message announces: its day, its hours and who comes; what a Belgian consumer reads
    before all else (WER art. XIX.10)."""
    told = row.told.get("visit")
    if not told:
        return {"on": "", "first": "", "last": "", "visitor": "", "amicable": ""}
    framed = row.country == "BE" and row.debtor_kind == DebtorKind.consumer
    on = date_text(date.fromisoformat(told["on"]), language)
    return {**told, "on": on, "amicable": "yes" if framed else ""}


def _plan(row: Row[Any], language: str) -> dict[str, Any]:
    """The plan that a message is about: all of it, the payment that comes first or was missed, each part."""
    told = row.told.get("plan")
    if not told:
        return {"total": "", "amount": "", "due_on": "", "parts": []}

    def said(minor: int) -> str:
        return money_text(Money(minor, told["currency"]), language)

    return {
        "total": said(told["total_minor"]),
        "amount": said(told["amount_minor"]),
        "due_on": date_text(date.fromisoformat(told["due_on"]), language),
        "parts": [
            {"due_on": date_text(date.fromisoformat(due_on), language), "amount": said(minor)}
            for due_on, minor in told["parts"]
        ],
    }


def in_fours(iban: str) -> str:
    """Write an IBAN as people read it: in groups of four that stay on one line."""
    plain = iban.replace(" ", "")
    return "\u00a0".join(plain[start : start + 4] for start in range(0, len(plain), 4))

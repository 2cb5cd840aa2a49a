"""What every message must say, per step and law, as a list that a template is checked against.

Sources: Wki/Bki (claim specified: origin, creditor and agency with address and registration, invoices,
principal, interest with rate and period, costs, B1); BW 6:96(6) and HR ECLI:NL:HR:2016:2704 (exact term and
exact amount of the 14-day letter); WER Book XIX art. XIX.2 and XIX.7 (Belgian first reminder and notice).
"""

from dataclasses import dataclass, field

from agency.communication.composing import Composed, values_named
from agency.rules.facts import Channel


@dataclass(frozen=True, slots=True)
class Item:
    """Something a message must say: by naming values, or by exact words in each language."""

    name: str
    values: tuple[str, ...] = ()
    words: dict[str, str] = field(default_factory=dict)


_CREDITOR = Item("creditor", ("creditor.name", "creditor.address"))
_AGENCY = Item(
    "agency identity and registration",
    ("agency.name", "agency.address", "agency.phone", "agency.registration"),
)
_INVOICES = Item("invoice numbers and dates", ("invoices",))
_PRINCIPAL = Item("principal", ("amounts.principal", "amounts.total"))
_INTEREST = Item("interest with rate and period", ("amounts.interest", "interest"))
_COSTS = Item("costs", ("amounts.costs",))
_PAY = Item("how to pay", ("pay.link", "pay.iban", "pay.holder", "pay.reference"))
_OBJECT = Item(
    "how to object",
    words={"nl": "Laat ons weten waarom", "en": "Tell us why", "fr": "Dites-nous pourquoi"},
)
_COMPLAINT = Item("complaint route", ("agency.complaints_url",))

_ALWAYS = (_CREDITOR, _AGENCY, _OBJECT, _COMPLAINT)
_DEMAND = (*_ALWAYS, _INVOICES, _PRINCIPAL, _INTEREST, _COSTS, _PAY)

_NOTICE_NL = (
    Item("exact amount of the costs", ("costs.total",)),
    Item(
        "exact wording of the term",
        words={
            "nl": "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd",
            "en": "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd",
        },
    ),
    Item("legal basis", words={"nl": "6:96", "en": "6:96"}),
    Item("declaration on VAT", ("costs.vat",)),
)
_NOTICE_BE = (
    Item("enterprise number", ("creditor.registration",)),
    Item("description of the product or service", ("claim.description",)),
    Item("exact amount of the indemnity", ("costs.total",)),
    Item("start of the term by channel", ("term.by_post", "term.by_email")),
    Item(
        "term",
        words={
            "nl": "binnen veertien kalenderdagen",
            "en": "within fourteen calendar days",
            "fr": "dans les quatorze jours calendrier",
        },
    ),
    Item(
        "payment facilities",
        words={"nl": "betalingsfaciliteiten", "en": "payment facilities", "fr": "facilités de paiement"},
    ),
    Item(
        "debt mediation",
        words={"nl": "schuldbemiddeling", "en": "debt mediation", "fr": "médiation de dettes"},
    ),
    Item("evidence on request", words={"nl": "bewijsstukken", "en": "documents that prove", "fr": "preuves"}),
    Item(
        "supervising authority",
        words={"nl": "FOD Economie", "en": "FPS Economy", "fr": "SPF Économie"},
    ),
)
_NOTICE_B2B = (
    Item("exact amount of the costs", ("costs.total", "costs.basis")),
    Item(
        "term",
        words={"nl": "binnen veertien dagen", "en": "within fourteen days", "fr": "dans les quatorze jours"},
    ),
)
# An SMS only points at the page, where everything stands; it must still say who, how much and where.
_SMS = (
    Item("who sends it", ("agency.phone",)),
    Item("amount", ("amounts.total",)),
    Item("where to see and pay", ("pay.link", "pay.reference")),
)

MANDATORY: dict[str, tuple[Item, ...]] = {
    "reminder_1": _DEMAND,
    "reminder_2": _DEMAND,
    "notice_nl_consumer": (*_DEMAND, *_NOTICE_NL),
    "notice_be_consumer": (*_DEMAND, *_NOTICE_BE),
    "notice_business": (*_DEMAND, *_NOTICE_B2B),
    "final_notice": _DEMAND,
    "promise_confirmation": (*_ALWAYS, _PAY, Item("agreement", ("promise.amount", "promise.due_on"))),
    "payment_receipt": (
        *_ALWAYS,
        Item("payment", ("payment.amount", "payment.on")),
        Item("rest", ("amounts.open",)),
    ),
}

# Answers to what the debtor did: they pass a hold, a dispute and a closed claim.
REPLIES = frozenset({"promise_confirmation", "payment_receipt"})
# Steps from which the law lets something follow: they must arrive, so a bounce asks for paper.
MUST_ARRIVE = frozenset({"notice_nl_consumer", "notice_be_consumer", "notice_business", "final_notice"})


def missing(composed: Composed) -> tuple[str, ...]:
    """Return the names of the mandatory items that a composed text lacks.

    :raises KeyError: nothing is known about what such a message must say.
    """
    named = values_named(composed.body) | values_named(composed.subject)
    items = _SMS if composed.channel is Channel.sms else MANDATORY[composed.key]
    body = composed.body.replace("\\", "")
    return tuple(item.name for item in items if not _says(item, named, body, composed.language))


def empty_values(key: str, values: dict[str, object]) -> tuple[str, ...]:
    """Return the mandatory values that are empty at the moment of sending, such as a creditor's address.

    Interest, costs and declarations may lawfully be nothing; who asks, for what and how to pay may not.
    """
    may_be_empty = ("amounts.interest", "amounts.costs", "amounts.open", "costs.", "interest", "term.")
    names = [name for item in MANDATORY[key] for name in item.values]
    return tuple(name for name in names if not name.startswith(may_be_empty) and not _value(values, name))


def _says(item: Item, named: frozenset[str], body: str, language: str) -> bool:
    if item.words:
        return item.words.get(language, "\x00") in body
    return all(value in named for value in item.values)


def _value(values: dict[str, object], name: str) -> object:
    found: object = values
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found

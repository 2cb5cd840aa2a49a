"""Golden files: what every message says, in each language, of a claim in each state, mail, SMS and letter.

Whoever changes a text, a layout or an amount sees here what readers will see. GOLDEN=write writes them anew.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from pypdf import PdfReader

from agency.claims.build_up import build_up
from agency.claims.claim_facts import ClaimFacts, InvoiceFacts, Movement
from agency.communication.brand_cases import Case, Sends, made_up_case
from agency.communication.brand_previews import preview, sample_for, texts
from agency.communication.mandatory import KINDS, readers
from agency.communication.values import is_early
from agency.kernel.settings import Settings
from agency.money import Money
from agency.rules.brand import BrandDesign
from agency.rules.facts import Channel, DebtorKind, InterestKind, Law, Phase
from agency.rules.treatment_path import Tone, usual_tone
from integrations.rendering import TemplateRenderer

pytestmark = pytest.mark.pure

FOLDER = Path(__file__).with_name("golden")
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
RENDERER = TemplateRenderer()
SETTINGS = Settings(mode="development")
ID = UUID("00000000-0000-0000-0000-000000000005")
SPEAKING = ("reminder_1", "reminder_2", "final_notice")  # what is worded in more than one tone
STATES = ("fresh", "paid_in_part", "in_dispute", "with_costs")
CREDITOR = {
    "creditor_id": ID, "creditor_name": "Enercity B.V.", "creditor_registration": "12345678",
    "creditor_email": "vragen@enercity.example", "creditor_phone": "+31 20 765 43 21",
    "creditor_street": "Keizersgracht 1", "creditor_postal_code": "1015 CJ", "creditor_city": "Amsterdam",
    "vat_deductible": False, "creditor_language": "nl", "costs_clause": True, "in_creditors_name": True,
    "contractual_interest_percent": None,
}  # fmt: skip
DESIGN = BrandDesign(
    name="Enercity", sender_name="Enercity Klantenservice", sender_email="facturen@enercity.example",
    reply_to="vragen@enercity.example", sms_sender="Enercity", phone="+31 20 765 43 21",
    letterhead="Afdeling Debiteuren\nPostbus 12", footer="Enercity is een handelsnaam.",
)  # fmt: skip


def case_in(key: str, state: str) -> Case:
    """A claim of two invoices, in a state."""
    case = sample_for(key, creditor=CREDITOR, on=NOW.date())
    if state == "german_consumer":
        case = made_up_case(creditor=CREDITOR, law=Law.de, debtor=DebtorKind.consumer, on=NOW.date())
    zero = Money.zero("EUR")
    invoices = (
        InvoiceFacts(ID, "88231", "invoice", date(2026, 9, 1), date(2026, 9, 15), Money(35_000, "EUR")),
        InvoiceFacts(
            ID, "88977", "invoice", date(2026, 10, 1), date(2026, 10, 15), Money(12_050, "EUR"),
            12_050 if state == "in_dispute" else 0,
        ),
    )  # fmt: skip
    paid = Movement(date(2026, 11, 2), Money(-10_000, "EUR"), zero, zero, zero, Money(-10_000, "EUR"))
    costs = Money(6_000, "EUR") if state in ("with_costs", "german_consumer") else zero
    fixed = Movement(date(2026, 11, 20), zero, zero, costs, costs, zero)
    facts = ClaimFacts(
        creditor_id=ID, claim_id=ID, law=case.law, interest_kind=InterestKind(case.facts["interest_kind"]),
        phase=Phase.reminder if is_early(key) else Phase.amicable, currency="EUR",
        costs_from=date(2026, 11, 20) if costs else None, costs=costs, costs_vat=zero,
        contractual_percent=None, invoices=invoices,
        movements={"paid_in_part": (paid,)}.get(state, (fixed,) if costs else ()), undisputed=True,
    )  # fmt: skip
    return replace(case, owed=build_up(facts=facts, on=NOW.date()))


def sections(key: str, language: str) -> Iterator[str]:
    for state in STATES:
        for channel in (Channel.email, Channel.sms, Channel.letter):
            # The words of a letter are those of its mail; one of each shows its layout.
            laid_out = channel is not Channel.letter or (state == "fresh" and language == "nl")
            if (key, channel, language) in texts() and laid_out:
                yield section(key, language, state, channel)
    if (Law.de, DebtorKind.consumer) in readers(key):
        yield section(key, language, "german_consumer", Channel.email)
    for tone in Tone if key in SPEAKING else ():
        yield section(key, language, "fresh", Channel.email, tone)


def section(key: str, language: str, state: str, channel: Channel, tone: Tone | None = None) -> str:
    made = preview(
        design=DESIGN, case=case_in(key, state), key=key, channel=channel, language=language, at=NOW,
        settings=SETTINGS, renderer=RENDERER, sends=Sends(mail=True), tone=tone,
    )  # fmt: skip
    words = made.text
    if channel is Channel.letter:
        pages = PdfReader(io.BytesIO(made.pdf)).pages
        words = "\n-- page --\n".join(page.extract_text() for page in pages)
    sender = made.sms_sender if channel is Channel.sms else f"{made.sender.name} <{made.sender.email}>"
    told = f", {tone}" if tone else ""
    return f"=== {state}, {channel}{told}\nFrom: {sender}\nSubject: {made.subject}\n\n{words.strip()}\n"


WRITTEN = sorted({(key, language) for key, _, language in texts()})


@pytest.mark.parametrize(("key", "language"), WRITTEN)
def test_it_says_what_the_golden_file_says(key, language):
    path = FOLDER / f"{key}.{language}.txt"
    said = "\n".join(line.rstrip() for line in "\n".join(sections(key, language)).splitlines()) + "\n"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(said)
    assert path.read_text() == said
    assert ".." not in said, "a name that ends in a full stop got a second one"


def test_every_message_and_no_other_has_golden_files():
    assert {path.stem for path in FOLDER.iterdir()} == {f"{key}.{language}" for key, language in WRITTEN}
    assert {key for key, _ in WRITTEN} == set(KINDS)


@pytest.mark.parametrize("language", ["nl", "fr", "en", "de"])
@pytest.mark.parametrize("key", SPEAKING)
def test_each_tone_has_words_of_its_own(key, language):
    mails = {tone: section(key, language, "fresh", Channel.email, tone).split("\n\n", 1)[1] for tone in Tone}
    assert len(set(mails.values())) == len(Tone)
    usual = section(key, language, "fresh", Channel.email).split("\n\n", 1)[1]
    assert usual == mails[usual_tone(key, on=NOW.date())]


def test_what_a_reader_owes_differs_by_state():
    mails = {state: section("reminder_2", "nl", state, Channel.email) for state in STATES}
    assert len(set(mails.values())) == len(STATES)


@pytest.mark.parametrize(
    ("key", "language"),
    sorted({(key, language) for key, channel, language in texts() if channel == "letter"}),
)
def test_no_letter_has_its_greeting_alone_on_a_page(key, language):
    """F10: one invoice and no footer of the brand's make the page that is just not enough for all."""
    bare = replace(DESIGN, letterhead="", footer="")
    made = preview(
        design=bare, case=case_in(key, "fresh"), key=key, channel=Channel.letter, language=language, at=NOW,
        settings=SETTINGS, renderer=RENDERER, sends=Sends(mail=True),
    )  # fmt: skip
    greeting = read_greeting(key, language)
    for page in PdfReader(io.BytesIO(made.pdf)).pages:
        assert not page.extract_text().strip().startswith(greeting)


def read_greeting(key: str, language: str) -> str:
    path = FOLDER.parents[2] / "agency/communication/templates" / f"{key}.{language}.md"
    return path.read_text().strip().split("\n\n")[-2]

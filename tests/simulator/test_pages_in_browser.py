"""The simulator's pages in a real browser: accessible in both themes, fitting a phone, nothing blocked."""

from datetime import date

import pytest

from agency.money import Money
from agency.ports.providers import Attachment, Sender
from integrations.mollie.payments import MolliePayments
from integrations.rendering import TemplateRenderer
from tests.barriers import barriers
from tests.outside import send_mail
from tests.printing import print_one

pytestmark = pytest.mark.browser

TRUST = "NL86INGB0002445588"
MJML = """<mjml><mj-body><mj-section><mj-column><mj-text>Beste {{ name }}</mj-text>
<mj-button href="{{ link }}">Bekijk en betaal</mj-button></mj-column></mj-section></mj-body></mjml>"""
LETTER = '#set document(title: "Aanmaning")\n#set text(lang: "nl")\n= Aanmaning\nBetaal.'


@pytest.fixture
def paths(simulator) -> dict[str, str]:
    """One page of each kind, with something on it."""
    renderer = TemplateRenderer()
    values = {"name": "mevrouw Jansen", "link": f"{simulator.agency.url}/p/abc"}
    html, text = renderer.email(mjml=MJML, values=values)
    pdf = renderer.letter(source=LETTER, values={}, dated=date(2026, 11, 3))
    mail = send_mail(
        simulator,
        track_opens=True,
        message_id="m",
        sender=Sender("Incasso Noord", "post@incassonoord.example", "post@incassonoord.example"),
        to="een.heel.lang.adres.van.iemand@een-bedrijf-met-een-hele-lange-naam.example",
        subject="Uw factuur staat nog open",
        html=html,
        text=text,
        attachments=[Attachment("factuur.pdf", "application/pdf", pdf)],
    )
    letter = print_one(simulator, pdf=pdf)
    mollie = MolliePayments(url=f"{simulator.url}/mollie", key="k", production=False)
    payment = mollie.create(
        intent_id="i",
        amount=Money(6185, "EUR"),
        description="Dossier 0042",
        redirect_url=f"{simulator.agency.url}/back",
        webhook_url=f"{simulator.agency.url}/hooks/mollie",
        locale="nl_NL",
    )
    mollie.close()
    simulator.post("/bank/transfer", {"to_iban": TRUST, "amount": "61.85", "from_name": "J. Jansen"})
    simulator.fault("webhooks", "delay", times=None)
    return {
        "inbox": "/_sim/",
        "nothing found": "/_sim/?q=niets",
        "mail": f"/_sim/inbox/{mail}",
        "letter": f"/_sim/inbox/{letter}",
        "checkout": f"/_sim/checkout/{payment.ref}",
        "bank": "/_sim/bank",
        "account": f"/_sim/bank/{TRUST}",
        "faults": "/_sim/faults/",
    }


def test_every_page_is_accessible_and_fits(simulator, browser, paths):
    # The policy of a page would keep axe out; the other test looks at the policy itself.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    for name, path in paths.items():
        page.goto(simulator.url + path)
        assert barriers(page) == [], name
    context.close()


def test_a_person_reads_a_mail_and_pays_with_nothing_blocked(simulator, browser, paths):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in paths.values():
        page.goto(simulator.url + path)
    page.goto(simulator.url + "/_sim/")
    page.get_by_role("link", name="Uw factuur staat nog open").click()
    button = page.frame_locator("iframe").get_by_role("link", name="Bekijk en betaal")
    assert button.get_attribute("href") == f"{simulator.agency.url}/p/abc"
    page.goto(simulator.url + paths["checkout"])
    assert complaints == []
    with page.expect_request(f"{simulator.agency.url}/back"):
        page.get_by_role("button", name="Pay €").click()
    assert simulator.get("/payments", status="paid")["payments"][0]["amount_minor"] == 6185
    context.close()

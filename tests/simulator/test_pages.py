"""The simulator's pages: usable without a script, locked down, and the same for a program and a person."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from agency.money import Money
from agency.ports.providers import Attachment, Sender
from integrations.mollie.payments import MolliePayments
from integrations.rendering import TemplateRenderer
from tests.outside import send_mail, wait_until
from tests.printing import print_one

TRUST = "NL86INGB0002445588"
HOSTILE = '<script>alert(1)</script>"onload="x'


@pytest.fixture
def mail(simulator):
    return send_mail(
        simulator,
        track_opens=True,
        message_id="msg-1",
        sender=Sender(HOSTILE, "post@incassonoord.example", "post@incassonoord.example"),
        to="jansen@example.com",
        subject=HOSTILE,
        html=f"<html><head></head><body>{HOSTILE}<a href='{simulator.agency.url}'>betaal</a></body></html>",
        text=f"Betaal op {simulator.agency.url}/p/1 {HOSTILE}",
        attachments=[Attachment('naam\r\n"x".pdf', "text/html", b"<script>")],
    )


@pytest.fixture
def payment(simulator):
    mollie = MolliePayments(url=f"{simulator.url}/mollie", key="k", production=False)
    yield (
        mollie,
        mollie.create(
            intent_id="int-1",
            amount=Money(6185, "EUR"),
            description=HOSTILE,
            redirect_url=f"{simulator.agency.url}/p/back",
            webhook_url=f"{simulator.agency.url}/hooks/mollie",
            locale="nl_NL",
        ),
    )
    mollie.close()


class _Controls(HTMLParser):
    """Collects controls without a label, and inline styles and scripts."""

    def __init__(self):
        super().__init__()
        self.labels, self.ids, self.wrong, self.in_label = set(), [], [], False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "style" in given or tag in ("script", "style") or any(name.startswith("on") for name in given):
            self.wrong.append((tag, given))
        if tag == "label":
            self.in_label = True
            self.labels.add(given.get("for"))
        if tag in ("input", "select") and not self.in_label:
            self.ids.append(given.get("id"))
        if tag == "iframe" and not given.get("title"):
            self.wrong.append((tag, given))

    def handle_endtag(self, tag):
        if tag == "label":
            self.in_label = False


def look(simulator, path):
    answer = simulator.http.get(path)
    assert answer.status_code == 200, path
    return answer


class TestEveryPage:
    def test_is_labelled_locked_down_and_says_that_it_is_a_simulator(self, simulator, mail, payment):
        simulator.post("/bank/transfer", {"to_iban": TRUST, "amount": "5.00", "from_name": HOSTILE})
        simulator.fault("webhooks", "drop", times=None)
        paths = [
            "/_sim/",
            "/_sim/?q=nothing+like+this",
            f"/_sim/inbox/{mail}",
            f"/_sim/checkout/{payment[1].ref}",
            "/_sim/bank",
            f"/_sim/bank/{TRUST}",
            "/_sim/faults/",
        ]
        for path in paths:
            answer = look(simulator, path)
            page = answer.text
            assert "Nothing here reaches a real person" in page
            assert "<script" not in page
            assert 'name="viewport"' in page
            assert page.count("<h1") == 1
            controls = _Controls()
            controls.feed(page)
            assert controls.wrong == [], path
            assert set(controls.ids) <= controls.labels, path
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe-inline" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"

    def test_the_front_door_leads_to_the_inbox(self, simulator):
        assert simulator.http.get("/", follow_redirects=True).url.path == "/_sim/"

    def test_its_look_is_its_own_file(self, simulator):
        assert "prefers-color-scheme: dark" in look(simulator, "/_sim/static/simulator.css").text

    @pytest.mark.parametrize("path", ["/_sim/inbox/none", "/_sim/checkout/none", "/_sim/bank/none"])
    def test_what_is_not_there_is_404(self, simulator, path):
        assert simulator.http.get(path).status_code == 404


class TestMail:
    def test_is_shown_in_a_frame_that_runs_nothing_and_loads_from_here_only(self, simulator, mail):
        page = look(simulator, f"/_sim/inbox/{mail}").text
        (frame,) = re.findall("<iframe[^>]*>", page)
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
        answer = look(simulator, f"/_sim/inbox/{mail}/html")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("sandbox ")
        assert "allow-scripts" not in policy
        assert f"img-src 'self' data: {simulator.agency.url};" in policy
        assert '<base target="_blank">' in answer.text

    def test_an_attachment_is_saved_never_shown(self, simulator, mail):
        answer = look(simulator, f"/_sim/inbox/{mail}/attachments/0")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''naam%0D%0A")
        assert simulator.http.get(f"/_sim/inbox/{mail}/attachments/7").status_code == 404

    def test_can_be_opened_with_a_button(self, simulator, mail):
        answer = simulator.http.post(f"/_sim/inbox/{mail}/events", data={"event": "open"})
        assert answer.status_code == 303
        wait_until(lambda: simulator.messages()[0]["state"] == "opened")

    def letter(self, simulator, pdf):
        return print_one(simulator, pdf=pdf)

    def test_a_letter_is_shown_page_by_page(self, simulator):
        source = '#set document(title: "Brief")\n#set text(lang: "nl")\nEen #pagebreak() Twee'
        pdf = TemplateRenderer().letter(source=source, values={}, dated=date(2026, 11, 3))
        path = f"/_sim/inbox/{self.letter(simulator, pdf)}"
        assert look(simulator, f"{path}/letter.pdf").content == pdf
        picture = r'<img class="sheet" src="([^"]+)" alt="Page \d of 2 of the letter"'
        pictures = re.findall(picture, look(simulator, path).text)
        assert pictures == [f"{path}/page-1.png", f"{path}/page-2.png"]
        contents = {look(simulator, picture).content for picture in pictures}
        assert len(contents) == 2
        assert all(content.startswith(b"\x89PNG") for content in contents)
        assert simulator.http.get(f"{path}/page-3.png").status_code == 404

    def test_a_damaged_letter_is_offered_as_it_is(self, simulator):
        path = f"/_sim/inbox/{self.letter(simulator, b'%PDF-1.7')}"
        assert f"{path}/letter.pdf" in look(simulator, path).text
        assert simulator.http.get(f"{path}/page-1.png").status_code == 404

    def test_the_inbox_pages_back(self, simulator):
        me = Sender("A", "a@example.com", "a@example.com")
        for number in range(55):
            send_mail(
                simulator,
                message_id=f"m{number}",
                sender=me,
                to="b@example.com",
                subject=f"nr {number}.",
                html="h",
                text="t",
            )
        first = look(simulator, "/_sim/").text
        assert "nr 54." in first
        assert "nr 4." not in first
        (older,) = re.findall(r'href="(/_sim/\?[^"]*before[^"]*)"', first)
        second = look(simulator, older.replace("&amp;", "&")).text
        assert "nr 4." in second
        assert "Older" not in second


class TestCheckout:
    @pytest.mark.parametrize(
        ("form", "status", "cents"),
        [
            ({"step": "pay", "method": "ideal"}, "paid", 6185),
            ({"step": "partial", "amount": "20,00", "method": "bancontact"}, "paid", 2000),
            ({"step": "fail"}, "failed", 6185),
            ({"step": "expire"}, "expired", 6185),
            ({"step": "cancel"}, "canceled", 6185),
        ],
    )
    def test_each_button_ends_the_payment_and_leads_back(self, simulator, payment, form, status, cents):
        mollie, created = payment
        answer = simulator.http.post(f"/_sim/checkout/{created.ref}", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{simulator.agency.url}/p/back")
        found = mollie.fetch(created.ref)
        assert (found.status, found.amount) == (status, Money(cents, "EUR"))
        wait_until(lambda: len(simulator.agency.heard_at("/hooks/mollie")) == 1)
        assert status in look(simulator, f"/_sim/checkout/{created.ref}").text

    @pytest.mark.parametrize(
        "form",
        [
            {"step": "partial", "amount": "61.86"},
            {"step": "partial", "amount": "0"},
            {"step": "partial", "amount": "much"},
            {"step": "pay", "method": "gold"},
            {"step": "steal"},
            {},
        ],
    )
    def test_nonsense_says_so_and_changes_nothing(self, simulator, payment, form):
        mollie, created = payment
        answer = simulator.http.post(f"/_sim/checkout/{created.ref}", data=form, follow_redirects=True)
        assert 'role="alert"' in answer.text
        assert mollie.fetch(created.ref).status == "open"

    def test_another_site_cannot_press_the_button(self, simulator, payment):
        mollie, created = payment
        answer = simulator.http.post(
            f"/_sim/checkout/{created.ref}", data={"step": "pay"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403
        assert mollie.fetch(created.ref).status == "open"


class TestBank:
    def test_a_person_pays_by_transfer(self, simulator):
        answer = simulator.http.post(
            "/_sim/bank/transfers",
            data={"to_iban": TRUST, "amount": "61,85", "text": "0042", "from_name": "J. Jansen"},
            follow_redirects=True,
        )
        assert "J. Jansen" in answer.text
        assert "€\u00a061.85" in answer.text

    def test_nonsense_says_so(self, simulator):
        answer = simulator.http.post(
            "/_sim/bank/transfers", data={"to_iban": TRUST, "amount": "much"}, follow_redirects=True
        )
        assert 'role="alert"' in answer.text


class TestFaultsPage:
    def test_a_person_lets_something_go_wrong_and_lifts_it(self, simulator):
        form = {
            "target": "sendgrid",
            "kind": "lost",
            "times": "",
            "percent": "20",
            "status": "500",
            "seconds": "1",
        }
        answer = simulator.http.post("/_sim/faults/", data=form, follow_redirects=True)
        assert "until lifted, 20 %" in answer.text
        simulator.http.post("/_sim/faults/", data={"clear": "1"})
        assert simulator.get("/faults") == {"faults": []}

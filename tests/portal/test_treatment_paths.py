"""Treatment paths: edited step by step, checked beside the step, published by a second person, migrated."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from agency.claims.holds import place_hold
from agency.claims.states import HoldGround
from agency.communication.templates import publish_templates
from agency.kernel.emitting import install_reactions
from agency.kernel.outbox import drain
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.treatment.paths import path_in_sight, publish_paths, publish_version
from agency.treatment.starting import start_treatment
from portal import main
from tests.communication.correspondence import a_correspondent
from tests.portal.house import House, read_of, token_of
from tests.portal.test_rate_cards import another

PARTS = ("portal.shared.sign_in", "portal.admin")
HTML = {"hx-request": "true"}


@pytest.fixture
def house(units, redis_url, data_folder, monkeypatch) -> House:
    monkeypatch.setattr(main, "PARTS", PARTS)
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_templates(unit)
        publish_paths(unit)
    return House(units, folder=data_folder, redis_url=redis_url)


class Editor:
    """An administrator at the editor of a new version."""

    def __init__(self, house: House, key: str = "nl-consumer") -> None:
        self.house = house
        self.client = house.browser(Role.ADMIN)
        self.csrf = token_of(self.client.get(f"/admin/paths/{key}").text)
        self.page = self.post(f"/admin/paths/{key}/drafts").headers["location"]

    def post(self, path, fields=None):
        return self.client.post(path, data={"csrf": self.csrf, **(fields or {})})

    def text(self) -> str:
        return self.client.get(self.page).text

    def content(self):
        return self.house.one("SELECT content FROM treatment_path_draft ORDER BY created_at DESC LIMIT 1")

    def keys(self):
        return [step["key"] for step in self.content()["steps"]]

    def step(self, key):
        return next(step for step in self.content()["steps"] if step["key"] == key)

    def change(self, key, like=None, **fields):
        """Send the form of a step as a browser would, with some fields changed."""
        step = like or self.step(key)
        channels = [*step["channels"], ""]
        form = {
            "phase": step.get("phase", "reminder"), "template": step["template"], "channel": channels[0],
            "other_channel": channels[1], "days": str(abs(step["days"])), "anchor": step["anchor"],
            "above": "" if step.get("above_minor") is None else f"{step['above_minor'] / 100:.2f}",
            "hour": "" if step.get("hour") is None else str(step["hour"]),
            "reachable_by": step.get("reachable_by") or "",
        }  # fmt: skip
        form |= {name: "yes" for name in ("optional", "is_notice") if step.get(name)}
        return self.post(f"{self.page}/steps/{key}", form | fields)


def form_of(page: str, key: str) -> dict[str, str]:
    """What a browser takes along of the form of a step without its writer touching it."""
    (form,) = re.findall(rf'hx-post="[^"]*/steps/{key}" hx-trigger(.*?)</form>', page, re.DOTALL)
    return {"read": html.unescape(re.search(r'name="read" value="([^"]*)"', form)[1])}


def findings(page: str, key: str) -> str:
    """What stands beside a step."""
    found = re.search(rf'id="step-{key}">(.*?)<div class="path-acts">', page, re.DOTALL)
    assert found, f"the page has no step {key}"
    return found[1]


class TestEditor:
    def test_lists_paths_and_shows_one(self, house):
        client = house.browser(Role.ADMIN)
        assert "Dutch law, consumer, in the creditor" in client.get("/admin/paths").text
        shown = client.get("/admin/paths/be-business").text
        assert "Final notice" in shown
        assert client.get("/admin/paths/nowhere").status_code == 404

    def test_keeps_each_change_at_once(self, house):
        editor = Editor(house)
        assert editor.change("reminder_2", days="9", above="12,50").status_code == 303
        step = editor.step("reminder_2")
        assert (step["days"], step["above_minor"]) == (9, 1250)
        assert "The path can be walked and is lawful" in editor.text()

    def test_what_cannot_be_read_is_shown_as_typed_and_the_rest_is_kept(self, house):
        editor = Editor(house)
        answer = editor.change("reminder_2", days="soon", above="much", phase="amicable")
        assert answer.status_code == 422
        assert 'value="soon"' in answer.text
        assert "Give a whole number of days" in answer.text
        step = editor.step("reminder_2")
        assert (step["days"], step["phase"], step.get("above_minor")) == (7, "amicable", None)

    def test_an_amount_below_nothing_is_asked_again(self, house):
        editor = Editor(house)
        answer = editor.change("reminder_2", above="-12")
        assert answer.status_code == 422
        assert 'value="-12"' in answer.text
        assert editor.step("reminder_2").get("above_minor") is None

    def test_without_a_first_day_it_asks_for_one(self, house):
        editor = Editor(house)
        answer = editor.post(f"{editor.page}/date", {"valid_from": ""})
        assert answer.status_code == 422
        assert "Give a date" in answer.text

    def test_adds_moves_and_removes_steps(self, house):
        editor = Editor(house)
        first = editor.keys()
        there = editor.post(f"{editor.page}/steps", {"after": "reminder_1", "kind": "letter"})
        assert there.headers["location"].endswith("?open=reminder_2_2#step-reminder_2_2")
        assert editor.keys() == ["reminder_1", "reminder_2_2", *first[1:]]
        editor.post(f"{editor.page}/steps/reminder_2_2/move", {"to": "later"})
        assert editor.keys()[:3] == ["reminder_1", "reminder_2", "reminder_2_2"]
        editor.post(f"{editor.page}/steps/reminder_2_2/move", {"to": "earlier"})
        assert editor.keys()[1] == "reminder_2_2"
        editor.post(f"{editor.page}/steps/reminder_2_2/removal")
        assert editor.keys() == first

    def test_says_beside_the_step_what_the_law_forbids(self, house):
        editor = Editor(house)
        editor.post(f"{editor.page}/steps/formal_notice/removal")
        shown = editor.text()
        assert "a consumer pays no costs before the notice was sent" in findings(shown, "final_notice")
        refused = editor.post(f"{editor.page}/submission")
        assert refused.status_code == 422
        assert "breaks a rule" in refused.text

    def test_a_dead_end_and_an_unpublished_text_are_named(self, house):
        editor = Editor(house)
        editor.post(f"{editor.page}/end", {"debtors": ["consumer"], "to": ""})
        assert "nobody is asked what follows" in editor.text()
        editor.change("formal_notice", channel="sms", other_channel="")
        assert "No published text by sms (nl)" in findings(editor.text(), "formal_notice")


class TestTwoEditors:
    """Two administrators at the same draft, each with a page of his own."""

    def two(self, house, key="reminder_2"):
        editor = Editor(house)
        other = another(house)
        seen = form_of(editor.text(), key)
        page = other.get(editor.page).text
        theirs = Editor.__new__(Editor)
        theirs.house, theirs.client, theirs.page, theirs.csrf = house, other, editor.page, token_of(page)
        return editor, seen, theirs, form_of(page, key)

    def test_a_step_that_another_changed_is_not_replaced_unseen(self, house):
        editor, seen, theirs, read = self.two(house)
        assert theirs.change("reminder_2", days="9", **read).status_code == 303
        refused = editor.change("reminder_2", days="12", above="250", **seen)
        assert refused.status_code == 409
        assert "changed this after you opened it" in refused.text
        assert "7 → 9" in refused.text
        assert 'name="days" value="12"' in refused.text
        assert 'name="above" value="250.00"' in refused.text
        assert editor.step("reminder_2")["days"] == 9
        assert editor.change("reminder_2", days="13", **seen).status_code == 409

    def test_who_saw_both_may_keep_his_own(self, house):
        editor, seen, theirs, read = self.two(house)
        theirs.change("reminder_2", days="9", **read)
        refused = editor.change("reminder_2", days="12", **seen).text
        over = {"over": html.unescape(re.search(r'name="over" value="([^"]*)"', refused)[1])}
        theirs.change("reminder_2", days="10", **form_of(editor.text(), "reminder_2"))
        assert "9 → 10" in editor.change("reminder_2", days="12", **seen, **over).text
        over["over"] = over["over"].replace('"days":9', '"days":10')
        assert editor.change("reminder_2", days="12", **seen, **over).status_code == 303
        assert editor.step("reminder_2")["days"] == 12

    def test_a_second_change_of_ones_own_may_overtake_the_answer(self, house):
        editor = Editor(house)
        seen = form_of(editor.text(), "reminder_2")
        assert editor.change("reminder_2", days="9", **seen).status_code == 303
        assert editor.change("reminder_2", days="10", **seen).status_code == 303
        step = editor.step("reminder_2")
        editor.change("reminder_2", template="notice_business", **seen)
        answer = editor.change("reminder_2", step, template="notice_business", days="11", **seen)
        assert answer.status_code == 303
        assert editor.content()["steps"][1]["days"] == 11

    def test_different_steps_do_not_meet(self, house):
        editor, seen, theirs, _ = self.two(house)
        theirs.change("reminder_1", days="2", **form_of(theirs.text(), "reminder_1"))
        assert editor.change("reminder_2", days="12", **seen).status_code == 303

    def test_what_was_typed_of_a_step_that_is_gone_is_told(self, house):
        editor, seen, theirs, read = self.two(house)
        step = editor.step("reminder_2")
        assert theirs.post(f"{editor.page}/steps/reminder_2/removal", read).status_code == 303
        refused = editor.change("reminder_2", step, days="12", above="250", **seen)
        assert refused.status_code == 409
        assert "What you typed was not kept" in refused.text
        assert "<dd>12</dd>" in refused.text
        assert editor.post(f"{editor.page}/steps/reminder_2/removal", seen).status_code == 303

    def test_a_changed_step_is_not_taken_out_unseen(self, house):
        editor, seen, theirs, read = self.two(house)
        theirs.change("reminder_2", days="9", **read)
        refused = editor.post(f"{editor.page}/steps/reminder_2/removal", seen)
        assert refused.status_code == 409
        assert "it was not taken out" in refused.text
        assert "reminder_2" in set(editor.keys())

    def test_a_change_follows_its_step_to_another_text(self, house):
        editor, seen, theirs, read = self.two(house)
        step = editor.step("reminder_2")
        theirs.change("reminder_2", template="final_notice", **read)
        refused = editor.change("reminder_2", step, days="12", **seen)
        assert refused.status_code == 409
        assert "Second reminder → Final notice" in refused.text

    def test_for_whom_and_how_it_ends_are_not_replaced_unseen(self, house):
        editor, _, theirs, _ = self.two(house)
        page = editor.text()
        (form,) = re.findall(r'hx-post="[^"]*/end"(.*?)</form>', page, re.DOTALL)
        read = {"read": html.unescape(re.search(r'name="read" value="([^"]*)"', form)[1])}
        theirs.post(
            f"{editor.page}/end", {"debtors": ["consumer"], "to": "close", "after_days": "30", **read}
        )
        mine = {"debtors": ["consumer"], "to": "legal", "after_days": "21", **read}
        refused = editor.post(f"{editor.page}/end", mine)
        assert refused.status_code == 409
        assert "→ 30" in refused.text
        assert 'value="21"' in refused.text
        assert editor.content()["end"]["after_days"] == 30

    def test_the_first_day_is_not_replaced_unseen(self, house):
        editor, _, theirs, _ = self.two(house)
        page = editor.text()
        (form,) = re.findall(r'hx-post="[^"]*/date"(.*?)</form>', page, re.DOTALL)
        read = {"read": re.search(r'name="read" value="([^"]*)"', form)[1]}
        days = [house.today() + timedelta(days=ahead) for ahead in (10, 20, 30)]
        sent = [read | {"valid_from": day.isoformat()} for day in days]
        at, standing = f"{editor.page}/date", "SELECT valid_from FROM treatment_path_draft"
        assert theirs.post(at, sent[0]).status_code == 303
        assert theirs.post(at, sent[1]).status_code == 303  # his own change may overtake the answer
        refused = editor.post(at, sent[2])
        assert refused.status_code == 409
        assert "changed this after you opened it" in refused.text
        assert f'value="{days[2].isoformat()}"' in refused.text
        assert house.one(standing) == days[1]
        assert editor.post(at, sent[1]).status_code == 303  # both chose the same day
        theirs.post(at, {"read": days[1].isoformat(), "valid_from": days[0].isoformat()})
        again = editor.post(at, sent[2])
        assert again.status_code == 409
        over = {"over": re.search(r'name="over" value="([^"]*)"', again.text)[1]}
        assert editor.post(at, sent[2] | over).status_code == 303
        assert house.one(standing) == days[2]

    def test_a_page_in_hand_is_told_that_the_draft_was_submitted(self, house):
        editor, seen, theirs, read = self.two(house)
        theirs.change("reminder_2", days="9", **read)
        theirs.post(f"{editor.page}/submission")
        step = {"days": "12", "template": "reminder_2", "channel": "email", "phase": "reminder",
                "anchor": "previous_sent", "csrf": editor.csrf, **seen}  # fmt: skip
        refused = editor.client.post(f"{editor.page}/steps/reminder_2", data=step, headers=HTML)
        assert refused.status_code == 422
        assert "cannot be changed any more" in refused.text
        assert "<dd>12</dd>" in refused.text

    def test_what_was_sent_as_read_may_be_anything(self, house):
        editor, _, theirs, read = self.two(house)
        theirs.change("reminder_2", days="9", **read)
        for read_ in ("{", "[]", '{"key": "reminder_2"}', "null", "9" * 6000):
            assert editor.change("reminder_2", days="12", read=read_).status_code == 409


class TestPublishing:
    def test_a_second_person_publishes_and_claims_stay_pinned(self, house, units):
        with units.open(Door.STAFF, by="system:test") as unit:
            theirs, claim_id = a_correspondent(unit)
            start_treatment(unit, claim_ids=[claim_id])
        editor = Editor(house)
        editor.change("reminder_2", days="9")
        assert editor.post(f"{editor.page}/submission").status_code == 303
        assert editor.post(f"{editor.page}/publication").status_code == 403
        second = another(house)
        read = read_of(second.get(editor.page).text)
        today = house.today()
        done = second.post(f"{editor.page}/publication", data=read | {"valid_from": today.isoformat()})
        assert done.status_code == 303
        shown = second.get("/admin/paths/nl-consumer/versions/2").text
        assert "7 → 9" in shown
        pinned = "SELECT p.version FROM treatment t JOIN treatment_path p ON p.id = t.path_id"
        assert house.one(pinned) == 1

        counted = second.post("/admin/paths/nl-consumer/versions/2/migration", data=read)
        assert "1 claim changes to this version." in counted.text
        assert house.one(pinned) == 1
        at = "/admin/paths/nl-consumer/versions/2/migration"
        for typed, said in (
            (" ; , ", "here is no claim number in this"),
            (" ".join(f"CL-{n}" for n in range(1_001)), "at most a thousand claim numbers"),
        ):
            refused = second.post(at, data=read | {"claims": typed, "do": "yes"})
            assert (refused.status_code, said in refused.text) == (422, True)
        other = second.post(at, data=read | {"claims": "", "counted": "CL-1 CL-2", "do": "yes"})
        assert (other.status_code, "nothing was changed" in other.text) == (409, True)
        named = second.post(at, data=read | {"claims": "cl-1, CL-2"}).text
        assert "CL-1, CL-2" in named
        assert 'name="counted" value="CL-1 CL-2"' in named
        with units.open(Door.STAFF, by="system:test") as unit:
            place_hold(unit, creditor_id=theirs, claim_id=claim_id, ground=HoldGround.CREDITOR_ASKED)
        held = second.post(at, data=read).text
        assert "none as long as a dispute, hold or arrangement stops it" in held
        assert "none, the path is walked" not in held
        drain(units)
        assert house.one(pinned) == 1
        second.post(at, data=read | {"counted": "", "do": "yes"})
        drain(units)
        assert house.one(pinned) == 2

        process = second.get("/admin/paths/nl-consumer/versions/2/process.pdf?language=nl")
        assert process.headers["content-type"] == "application/pdf"
        assert process.content.startswith(b"%PDF")

    def test_a_version_of_another_day_waits_for_it(self, house):
        editor = Editor(house)
        editor.change("reminder_2", days="9")
        editor.post(f"{editor.page}/submission")
        second = another(house)
        read = read_of(second.get(editor.page).text)
        later = house.today() + timedelta(days=20)
        second.post(f"{editor.page}/publication", data=read | {"valid_from": later.isoformat()})
        assert "Version 1 counts today" in second.get("/admin/paths/nl-consumer").text

    def test_only_what_the_second_person_read_is_published(self, house):
        editor, second = Editor(house), another(house)
        editor.change("reminder_2", days="9")
        editor.post(f"{editor.page}/submission")
        read = read_of(second.get(editor.page).text) | {"valid_from": house.today().isoformat()}
        second.post(f"{editor.page}/return", data=read | {"remark": "Rather eight"})
        editor.change("reminder_2", days="30")
        editor.post(f"{editor.page}/submission")
        refused = second.post(f"{editor.page}/publication", data=read)
        assert refused.status_code == 409
        assert "changed after you opened it" in refused.text
        published = "SELECT max(version) FROM treatment_path WHERE key = 'nl-consumer'"
        assert house.one(published) == 1

    def test_what_says_the_same_is_no_new_version(self, house):
        editor = Editor(house)
        refused = editor.post(f"{editor.page}/submission")
        assert refused.status_code == 409
        assert "says what its newest version says already" in refused.text


class TestTrial:
    def test_shows_old_against_new_and_can_be_cancelled(self, house, units):
        with units.open(Door.STAFF, by="system:test") as unit:
            _, claim_id = a_correspondent(unit)
            start_treatment(unit, claim_ids=[claim_id])
        editor = Editor(house)
        editor.change("reminder_2", days="25")
        assert "Not tried yet" in editor.client.get(f"{editor.page}/trial").text
        editor.post(f"{editor.page}/trial")
        assert "Waiting for a worker" in editor.client.get(f"{editor.page}/trial").text
        editor.post(f"{editor.page}/trial/cancellation")
        drain(units)
        assert "The try-out was cancelled" in editor.client.get(f"{editor.page}/trial").text
        editor.post(f"{editor.page}/trial")
        drain(units)
        shown = editor.client.get(f"{editor.page}/trial").text
        assert "Expected to come in" in shown
        assert house.one("SELECT count(*) FROM message") == 0


class TestDoor:
    def test_is_for_administrators_alone(self, house):
        assert house.browser(Role.FINANCE).get("/admin/paths").status_code == 403


class TestOwnPath:
    """A path drawn from nothing, and the creditors whose new claims begin on it."""

    def drawn(self, house):
        client = house.browser(Role.ADMIN)
        csrf = token_of(client.get("/admin/paths/new").text)
        nobody = client.post("/admin/paths/new", data={"csrf": csrf, "name": "Calm", "law": "nl"})
        assert (nobody.status_code, "one kind of debtor" in nobody.text) == (422, True)
        fields = {"csrf": csrf, "name": "Calm <b>", "law": "nl", "debtors": ["consumer"]}
        at = client.post("/admin/paths/new", data=fields).headers["location"]
        return client, csrf, at

    def test_begins_empty_and_says_what_it_lacks(self, house):
        client, csrf, at = self.drawn(house)
        page = client.get(at).text
        assert "Calm &lt;b&gt; (Dutch law)" in page
        assert "The path has no steps." in page
        assert client.post(f"{at}/submission", data={"csrf": csrf}).status_code == 422

    def test_each_step_is_proposed_with_the_text_that_fits_its_place(self, house):
        client, csrf, at = self.drawn(house)
        after, keys = "", []
        for kind in ("call", "message", "letter"):
            client.post(f"{at}/steps", data={"csrf": csrf, "after": after, "kind": kind})
            steps = house.one("SELECT content FROM treatment_path_draft")["steps"]
            after = steps[-1]["key"]
            keys = [(step["template"], step["anchor"], step["days"]) for step in steps]
        assert keys == [
            ("call", "due_date", 1), ("reminder_1", "previous_sent", 7), ("reminder_2", "previous_sent", 7),
        ]  # fmt: skip
        page = client.get(at).text
        assert page.index("First reminder") < page.index("Second reminder")
        notice = {"csrf": csrf, "phase": "amicable", "template": "notice_nl_consumer", "channel": "letter",
                  "days": "7", "anchor": "previous_sent", "is_notice": "yes"}  # fmt: skip
        client.post(f"{at}/steps/{after}", data=notice)
        client.post(f"{at}/steps", data={"csrf": csrf, "after": "formal_notice", "kind": "message"})
        last = house.one("SELECT content FROM treatment_path_draft")["steps"][-1]
        assert (last["template"], last["anchor"]) == ("final_notice", "notice_ended")
        assert "It comes before the notice" not in client.get(at).text

    def test_its_first_step_speaks_firmly_with_copies_and_by_the_best_way(self, house):
        client, csrf, at = self.drawn(house)
        client.post(f"{at}/steps", data={"csrf": csrf, "after": "", "kind": "message"})
        content = house.one("SELECT content FROM treatment_path_draft")
        key = content["steps"][0]["key"]
        form = {
            "csrf": csrf, "phase": "reminder", "template": "reminder_1", "channel": "email",
            "other_channel": "letter", "days": "1", "anchor": "due_date", "tone": "firm", "best": "yes",
            "copies": "yes",
        }  # fmt: skip
        client.post(f"{at}/steps/{key}", data=form)
        (step,) = house.one("SELECT content FROM treatment_path_draft")["steps"]
        assert (step["tone"], step["best"], step["copies"]) == ("firm", True, True)
        page = client.get(at).text
        for words in ("tone: firm", "E-mail or Letter", "with copies of the open invoices"):
            assert words in page
        assert "Advice: the first reminder is friendly." in page

    def test_it_is_tried_before_any_version_of_it_was_published(self, house, units):
        client, csrf, at = self.drawn(house)
        client.post(f"{at}/steps", data={"csrf": csrf, "after": "", "kind": "message"})
        client.post(f"{at}/end", data={"csrf": csrf, "debtors": ["consumer"], "to": "person"})
        assert client.post(f"{at}/trial", data={"csrf": csrf}).status_code == 303
        drain(units)
        assert "No claims on this path" in client.get(f"{at}/trial").text

    def test_it_is_found_followed_and_drawn_further_before_its_first_day(self, house, units):
        with units.open(Door.STAFF, by="system:test") as unit:
            own = replace(path_in_sight(unit, key="nl-consumer").path, key="own-calm", name="Calm")
            publish_version(unit, path=own, valid_from=unit.today + timedelta(days=20))
            theirs, claim_id = a_correspondent(unit)
            reference = unit.session.connection().execute(
                text("SELECT reference FROM creditor WHERE id = :c"), {"c": theirs}
            ).scalar_one()  # fmt: skip
        client, page = house.browser(Role.ADMIN), "/admin/paths/own-calm"
        assert page in client.get("/admin/paths").text
        shown = client.get(page)
        assert shown.status_code == 200
        assert "counts today" not in shown.text
        csrf, today = token_of(shown.text), house.today().isoformat()
        fields = {"csrf": csrf, "reference": reference, "valid_from": today}
        assert client.post(f"{page}/creditors", data=fields).status_code == 303
        assert client.post(f"{page}/drafts", data={"csrf": csrf}).status_code == 303
        with units.open(Door.STAFF, by="system:test") as unit:
            start_treatment(unit, claim_ids=[claim_id])
        begun = "SELECT p.key FROM treatment t JOIN treatment_path p ON p.id = t.path_id"
        assert house.one(begun) == "nl-consumer"

    def test_new_claims_of_a_creditor_begin_on_it(self, house, units):
        with units.open(Door.STAFF, by="system:test") as unit:
            path = path_in_sight(unit, key="nl-consumer").path
            own = replace(path, key="own-calm", name="Calm")
            publish_version(unit, path=own, valid_from=unit.today)
            theirs, first = a_correspondent(unit)
            _, second = a_correspondent(unit)
            reference = unit.session.connection().execute(
                text("SELECT reference FROM creditor WHERE id = :c"), {"c": theirs}
            ).scalar_one()  # fmt: skip
        client = house.browser(Role.ADMIN)
        page = "/admin/paths/own-calm"
        csrf = token_of(client.get(page).text)
        today = house.today().isoformat()
        fields = {"csrf": csrf, "reference": reference, "valid_from": today}
        assert client.post(f"{page}/creditors", data=fields).status_code == 303
        assert client.post(f"{page}/creditors", data=fields).status_code == 409
        assert reference in client.get(page).text
        with units.open(Door.STAFF, by="system:test") as unit:
            start_treatment(unit, claim_ids=[first, second])
            begun = unit.session.connection().execute(
                text("SELECT t.claim_id, p.key FROM treatment t JOIN treatment_path p ON p.id = t.path_id")
            )
            assert dict(begun.all()) == {first: "own-calm", second: "nl-consumer"}
        assert client.post(f"{page}/creditors/{theirs}/end", data={"csrf": csrf}).status_code == 303
        assert "No creditor follows it yet." in client.get(page).text

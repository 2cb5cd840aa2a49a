"""What every draft that a second person publishes has in common, whichever room it belongs to."""

import pytest
from sqlalchemy import text

from agency.kernel.drafts import ChangedMeanwhile, DraftState, NotYourOwn, edition_of
from agency.kernel.errors import Conflict, NotFound
from agency.kernel.ids import HOUSE, new_id
from agency.kernel.unit import Door
from agency.parties import branding
from agency.pricing import drafts as pricing
from tests.intake.factories import a_creditor


class Kept:
    """A draft of the house or of a creditor, and whoever comes to it."""

    def __init__(self, units, room):
        self.units, self.creditor_id = units, a_creditor(units)
        with self.by("writer") as unit:
            if room == "brand":
                self.drafts, self.whose = branding.BRAND_DRAFTS, self.creditor_id
                draft = branding.start_draft(unit, creditor_id=self.creditor_id)
                self.key = {"creditor_id": self.creditor_id, "draft_id": draft.id}
            else:
                self.drafts, self.whose = pricing.RATE_CARD_DRAFTS, HOUSE
                self.key = {"draft_id": pricing.start_draft(unit, name="Dearer")}

    def by(self, who):
        return self.units.open(Door.STAFF, by=f"user:{who}")

    def submit(self, who="writer"):
        with self.by(who) as unit:
            self.drafts.submit(unit, self.drafts.to_write(unit, **self.key))

    @property
    def now(self):
        with self.by("reader") as unit:
            return self.drafts.find(unit, **self.key)

    @property
    def told(self):
        with self.by("reader") as unit:
            found = unit.session.connection().execute(
                text(
                    "SELECT action, by FROM audit_entry WHERE creditor_id = :c AND subject = :s ORDER BY seq"
                ),
                {"c": self.whose, "s": f"{self.drafts.table.__tablename__}:{self.key['draft_id']}"},
            )
            return [(row.action.rpartition(".")[2], row.by.removeprefix("user:")) for row in found]


@pytest.fixture(params=["card", "brand"])
def kept(request, units):
    return Kept(units, request.param)


def test_a_draft_is_given_back_with_the_reason_submitted_again_and_published_by_a_second_person(kept):
    kept.submit()
    with kept.by("second") as unit:
        kept.drafts.give_back(unit, **kept.key, remark="Too dear")
    assert (kept.now.state, kept.now.remark, kept.now.decided_by) == ("draft", "Too dear", "user:second")
    kept.submit()
    assert kept.now.remark == ""
    with kept.by("second") as unit:
        kept.drafts.publish(unit, kept.drafts.to_publish(unit, **kept.key), version=7)
    assert (kept.now.state, kept.now.version, kept.now.decided_by) == ("published", 7, "user:second")
    assert kept.told == [
        ("drafted", "writer"), ("submitted", "writer"), ("returned", "second"), ("submitted", "writer"),
        ("published", "second"),
    ]  # fmt: skip


def test_whoever_ever_wrote_in_it_does_not_publish_it(kept):
    with kept.by("second") as unit:
        kept.drafts.write(unit, kept.drafts.to_write(unit, **kept.key))
    assert kept.now.writers == ["user:second", "user:writer"]
    kept.submit()
    for who in ("writer", "second"):
        with kept.by(who) as unit, pytest.raises(NotYourOwn):
            kept.drafts.to_publish(unit, **kept.key)
    assert kept.now.state == DraftState.SUBMITTED


def test_only_what_was_read_is_published(kept):
    kept.submit()
    read = edition_of(kept.now)
    with kept.by("second") as unit:
        kept.drafts.give_back(unit, **kept.key, remark="Too dear")
    kept.submit()
    assert edition_of(kept.now) == read
    with kept.by("second") as unit:
        kept.drafts.to_publish(unit, **kept.key, edition=read)
        kept.drafts.give_back(unit, **kept.key, remark="Dearer")
    with kept.by("writer") as unit:
        draft = kept.drafts.to_write(unit, **kept.key)
        kept.drafts.write(unit, draft, draft.content | {"name": "Otherwise"})
    kept.submit()
    with kept.by("second") as unit, pytest.raises(ChangedMeanwhile):
        kept.drafts.to_publish(unit, **kept.key, edition=read)


def test_nothing_is_done_with_a_draft_out_of_its_turn(kept):
    with kept.by("second") as unit:
        for early in (kept.drafts.to_publish, lambda u, **key: kept.drafts.give_back(u, **key, remark="x")):
            with pytest.raises(Conflict):
                early(unit, **kept.key)
    kept.submit()
    with kept.by("writer") as unit, pytest.raises(Conflict):
        kept.drafts.to_write(unit, **kept.key)
    with kept.by("writer") as unit:
        kept.drafts.withdraw(unit, **kept.key)
    with kept.by("writer") as unit:
        for late in (kept.drafts.to_write, kept.drafts.to_publish, kept.drafts.withdraw):
            with pytest.raises(Conflict):
                late(unit, **kept.key)
    assert kept.told == [("drafted", "writer"), ("submitted", "writer"), ("withdrawn", "writer")]


def test_a_draft_of_nobody_or_of_another_creditor_is_not_found(kept):
    with kept.by("writer") as unit:
        with pytest.raises(NotFound):
            kept.drafts.find(unit, **kept.key | {"draft_id": new_id()})
        if kept.whose != HOUSE:
            with pytest.raises(NotFound):
                kept.drafts.find(unit, **kept.key | {"creditor_id": a_creditor(kept.units, "OTHER")})

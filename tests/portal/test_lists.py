"""Lists: sorting, filtering and paging by the database give each row once, in both directions."""

from base64 import urlsafe_b64encode

import pytest
from sqlalchemy import column, func, table, text
from sqlalchemy import select as select_from
from sqlalchemy.types import BigInteger, Text, Uuid

from agency.kernel.unit import Door
from portal.shared.listing import Listing

ROWS = 1_237
THING = table(
    "thing", column("id", Uuid), column("name", Text), column("minor", BigInteger), column("seen", Text)
)
SORTS = {"name": THING.c.name, "minor": THING.c.minor, "folded": func.lower(THING.c.name)}


@pytest.fixture
def things(units):
    """Rows of which many share a name, and every tenth an amount."""
    with units.open(Door.WORKER, by="system:test") as unit:
        connection = unit.session.connection()
        connection.execute(text("SET LOCAL ROLE NONE"))
        connection.execute(
            text("CREATE TEMPORARY TABLE thing (id uuid, name text, minor bigint, seen text) ON COMMIT DROP")
        )
        connection.execute(
            text(
                "INSERT INTO thing SELECT gen_random_uuid(), 'naam ' || n % 7, (n / 10) * 100 - 5000, ''"
                " FROM generate_series(1, :rows) n"
            ),
            {"rows": ROWS},
        )
        yield connection


def page(connection, url: str):
    """One page of the list, as a list page makes it."""
    path, _, query = url.partition("?")
    fields = dict(part.split("=", 1) for part in query.split("&") if part)
    listing = Listing.read(path, fields, sorts=list(SORTS), default="name", size=50)
    statement = listing.apply(select_from(THING), columns=SORTS, tie=THING.c.id)
    rows = connection.execute(statement).all()
    return listing.cut(rows, position=lambda row: (_value(row, listing.sort), row.id), total=ROWS)


def _value(row, sort: str):
    return row.name.lower() if sort == "folded" else getattr(row, sort)


class TestPaging:
    @pytest.mark.parametrize("sort", ["name", "-name", "minor", "-minor", "folded", "-folded"])
    def test_walking_to_the_end_and_back_meets_every_row_once(self, things, sort):
        pages, url = [], f"/things?sort={sort}"
        while url:
            cut = page(things, url)
            pages.append([row.id for row in cut.rows])
            last, url = cut, cut.next_url
        seen = [row for ids in pages for row in ids]
        assert len(seen) == len(set(seen)) == ROWS
        assert seen == self.whole(things, sort)
        back, cut = [pages[-1]], last
        while cut.previous_url:
            cut = page(things, cut.previous_url)
            back.insert(0, [row.id for row in cut.rows])
        assert [row for ids in back for row in ids] == seen

    def whole(self, connection, sort):
        column_ = SORTS[sort.removeprefix("-")]
        order = (column_.desc(), THING.c.id.desc()) if sort.startswith("-") else (column_, THING.c.id)
        return list(connection.execute(select_from(THING.c.id).order_by(*order)).scalars())

    def test_a_damaged_starting_point_starts_at_the_beginning(self, things):
        first = page(things, "/things?sort=name")
        assert page(things, "/things?sort=name&after=%%%") == first
        assert page(things, "/things?sort=name&after=W10").rows == first.rows
        endless = urlsafe_b64encode(b"[" * 1_400).decode()
        assert page(things, f"/things?sort=name&after={endless}").rows == first.rows


@pytest.mark.pure
class TestAddress:
    def read(self, **query):
        return Listing.read("/claims", query, sorts=["name", "open"], default="-open", filters=["q", "state"])

    def test_only_known_sorts_reach_the_database(self):
        listing = self.read(sort="name; DROP TABLE claim")
        assert (listing.sort, listing.descending) == ("open", True)

    def test_filters_stay_when_the_order_changes_and_the_page_starts_anew(self):
        listing = self.read(q=" Jansen ", sort="name", after="x")
        assert listing.sort_url("name") == "/claims?q=Jansen&sort=-name"
        assert listing.sort_url("open") == "/claims?q=Jansen&sort=open"

    def test_unknown_parameters_are_left_out(self):
        assert self.read(creditor_id="other", state="").filters == {}

    def test_clearing_keeps_the_order(self):
        assert self.read(q="Jansen", sort="name").without_filters().url() == "/claims?sort=name"

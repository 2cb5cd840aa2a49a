"""`dev claims import`: what becomes of each row, and a trial that leaves nothing behind."""

from datetime import date

import pytest
from sqlmodel import func, select

from agency.claims.models import Claim
from agency.intake.models import Placement
from agency.kernel.settings import Settings
from agency.kernel.unit import Door, Units, engine_for
from agency.parties.models import Creditor
from agency.parties.registration import register_house
from agency.pricing.rate_cards import publish_first_card
from portal.claims_import import as_text, import_claims
from portal.wiring import Wiring, choose_ports
from tests.made import a_creditor

FILE = """\
debiteurnummer;naam;land;factuurnummer;factuurdatum;vervaldatum;bedrag
0001;Bakkerij De Korenaar BV;NL;F-1;01-09-2026;01-10-2026;1.234,50
0002;Jansen Installaties BV;NL;F-2;02-09-2026;02-10-2026;88,10
0003;Zonder bedrag BV;NL;F-3;02-09-2026;02-10-2026;veel
"""


@pytest.fixture
def wiring(fresh_database, tmp_path):
    database_url, _ = fresh_database
    config = Settings(database_url=database_url, files_folder=tmp_path / "files")
    units = Units(engine_for(database_url))
    yield Wiring(config, units, choose_ports(config))
    units.engine.dispose()


@pytest.fixture
def creditor(wiring) -> str:
    with wiring.units.open(Door.STAFF, by="system:test") as unit:
        register_house(unit, name="Incasso Noord")
        publish_first_card(unit, valid_from=date(2020, 1, 1))
        creditor_id = a_creditor(unit)
        return unit.session.get_one(Creditor, creditor_id).reference


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "portfolio.csv"
    path.write_text(FILE)
    return path


@pytest.fixture
def run(wiring, creditor):
    def run(path, creditor=creditor, dry_run=False):
        return import_claims(
            wiring.units, wiring.ports, wiring.settings, path=path, creditor=creditor, dry_run=dry_run
        )

    return run


def held(wiring: Wiring, creditor: str) -> tuple[int, int]:
    """How many claims and placements a creditor has."""
    with wiring.units.open(Door.STAFF, by="system:test") as unit:
        of = select(Creditor.id).where(Creditor.reference == creditor).scalar_subquery()
        claims = select(func.count()).select_from(Claim).where(Claim.creditor_id == of)
        placements = select(func.count()).select_from(Placement).where(Placement.creditor_id == of)
        return unit.session.exec(claims).one(), unit.session.exec(placements).one()


def counted(report: dict) -> dict:
    assert "refused" not in report, report
    return {name: report[name] for name in ("rows", "created", "updated", "merged", "rejected")}


class TestImport:
    def test_says_what_became_of_each_row(self, run, wiring, creditor, file):
        report = run(file)
        assert counted(report) == {"rows": 3, "created": 2, "updated": 0, "merged": 0, "rejected": 1}
        assert [(reject["row"], reject["field"]) for reject in report["rejects"]] == [(4, "bedrag")]
        assert held(wiring, creditor) == (2, 1)

    def test_the_same_file_twice_changes_nothing(self, run, wiring, creditor, file):
        run(file)
        assert counted(run(file)) == {"rows": 3, "created": 0, "updated": 0, "merged": 2, "rejected": 1}
        assert held(wiring, creditor) == (2, 1)

    def test_a_dry_run_says_the_same_and_leaves_nothing(self, run, wiring, creditor, file, tmp_path):
        tried = run(file, dry_run=True)
        assert held(wiring, creditor) == (0, 0)
        assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
        assert counted(run(file)) == counted(tried)

    def test_a_file_that_cannot_be_read_is_refused_with_its_reason(self, run, wiring, creditor, tmp_path):
        broken = tmp_path / "broken.xml"
        broken.write_text("<Invoice>")
        report = run(broken)
        assert as_text(report) == f"refused: {report['refused']}"
        assert held(wiring, creditor)[0] == 0

    def test_an_unknown_creditor_is_refused(self, run, file):
        assert "C-0" in run(file, creditor="C-0")["refused"]

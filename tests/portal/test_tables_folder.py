"""The operator's folder of tables reaches the rules when a process starts."""

import pytest

from agency.kernel.settings import Settings
from portal import wiring

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("folder", [None, "/srv/tables"])
def test_the_setting_is_handed_to_the_rules(monkeypatch, folder):
    handed = []
    monkeypatch.setattr(wiring, "settings", lambda: Settings(tables_folder=folder))
    monkeypatch.setattr(wiring, "use_folder", handed.append)
    for effect in ("install_ports", "install_reactions", "install_pay_links", "choose_ports"):
        monkeypatch.setattr(wiring, effect, lambda _: None)
    # Not the cached function: this process stays wired as it is.
    wired = wiring.wire.__wrapped__()
    assert handed == [wired.settings.tables_folder]
    assert str(handed[0]) == str(folder)


def test_it_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("AGENCY_TABLES_FOLDER", "/srv/tables")
    monkeypatch.setenv("AGENCY_RATES_WARNING_DAYS", "14")
    config = Settings()
    assert (str(config.tables_folder), config.rates_warning_days) == ("/srv/tables", 14)

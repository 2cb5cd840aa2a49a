"""In which language a debtor is written to first."""

import pytest

from agency.rules.languages import belgian_region, language_of

pytestmark = pytest.mark.pure


class TestBelgium:
    @pytest.mark.parametrize(
        ("postal_code", "region", "by_a_flemish", "by_a_walloon"),
        [
            ("1000", "BE-BRU", "nl", "fr"),
            ("1299", "BE-BRU", "nl", "fr"),
            ("1300", "BE-WAL", "fr", "fr"),
            ("1499", "BE-WAL", "fr", "fr"),
            ("1500", "BE-VLG", "nl", "nl"),
            ("1950", "BE-VLG", "nl", "nl"),  # Kraainem has facilities: for who asks
            ("2000", "BE-VLG", "nl", "nl"),
            ("3790", "BE-VLG", "nl", "nl"),  # Voeren
            ("4000", "BE-WAL", "fr", "fr"),
            ("4700", "BE-WAL", "de", "de"),  # Eupen
            ("4791", "BE-WAL", "de", "de"),
            ("4800", "BE-WAL", "fr", "fr"),
            ("5000", "BE-WAL", "fr", "fr"),
            ("7700", "BE-WAL", "fr", "fr"),  # Mouscron
            ("8000", "BE-VLG", "nl", "nl"),
            ("9000", "BE-VLG", "nl", "nl"),
        ],
    )
    def test_an_area_decides_not_the_creditor(self, postal_code, region, by_a_flemish, by_a_walloon):
        assert belgian_region("BE", postal_code) == region
        assert language_of("BE", postal_code, "nl") == by_a_flemish
        assert language_of("BE", postal_code, "fr") == by_a_walloon

    def test_brussels_reads_french_from_who_writes_neither(self):
        assert language_of("BE", "1050", "en") == "fr"

    @pytest.mark.parametrize("postal_code", [None, "", "12", "B-1000", "0999", "²²²²"])
    def test_without_a_postcode_it_is_the_creditors(self, postal_code):
        assert belgian_region("BE", postal_code) is None
        assert language_of("BE", postal_code, "fr") == "fr"
        assert language_of("BE", postal_code, "en") == "nl"


@pytest.mark.parametrize(
    ("country", "usual", "language"),
    [("NL", "fr", "nl"), ("DE", "nl", "de"), ("FR", "nl", "fr"), ("LU", "nl", "fr"), ("PL", "nl", "en")],
)
def test_elsewhere_the_country_decides(country, usual, language):
    assert language_of(country, "4000", usual) == language
    assert belgian_region(country, "4000") is None

"""What a vendor's answer means: only what certainly did nothing may be tried again."""

import pytest

from agency.ports.providers import ProviderAmbiguous, ProviderRefused, ProviderTransient
from integrations.outcomes import from_status, retry_after_seconds

pytestmark = pytest.mark.pure


class TestFromStatus:
    @pytest.mark.parametrize(
        ("status", "sending", "reading"),
        [
            (302, ProviderRefused, ProviderRefused),
            (400, ProviderRefused, ProviderRefused),
            (404, ProviderRefused, ProviderRefused),
            (408, ProviderTransient, ProviderTransient),
            (422, ProviderRefused, ProviderRefused),
            (429, ProviderTransient, ProviderTransient),
            (500, ProviderAmbiguous, ProviderTransient),
            (502, ProviderAmbiguous, ProviderTransient),
            (503, ProviderTransient, ProviderTransient),
            (504, ProviderAmbiguous, ProviderTransient),
        ],
    )
    def test_tells_apart(self, status, sending, reading):
        for effect, expected in ((True, sending), (False, reading)):
            assert type(from_status(status=status, reason="x", headers={}, effect=effect)) is expected

    def test_keeps_the_providers_own_code(self):
        refused = from_status(status=400, reason="x", headers={}, effect=True, code="21211")
        assert isinstance(refused, ProviderRefused)
        assert refused.code == "21211"


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "17"}, 17),
            ({"retry-after": " 0 "}, 0),
            ({"Retry-After": "Mon, 02 Nov 2026 10:01:30 GMT", "Date": "Mon, 02 Nov 2026 10:00:00 GMT"}, 90),
            ({"Retry-After": "Mon, 02 Nov 2026 09:00:00 GMT", "Date": "Mon, 02 Nov 2026 10:00:00 GMT"}, 0),
            ({"Retry-After": "Mon, 02 Nov 2026 10:01:30 GMT"}, None),
            ({"Retry-After": "soon"}, None),
            ({}, None),
        ],
    )
    def test_reads_seconds_and_dates(self, headers, seconds):
        assert retry_after_seconds(headers) == seconds

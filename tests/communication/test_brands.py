"""A brand from its draft to what debtors get: checklist, second person, versions, domains and previews."""
import time
from agency.communication.brand_checklist import checklist, rendered
from agency.kernel.settings import Settings
from agency.kernel.unit import Door
from agency.parties.branding import brand_of, design_of
from integrations.rendering import TemplateRenderer
from tests.communication.correspondence import Office, a_correspondent


def test_x(units):
    with units.open(Door.STAFF, by="user:a") as unit:
        c, claim = a_correspondent(unit)
        design = design_of(brand_of(unit, creditor_id=c))
        s = Settings()
        for _ in range(2):
            t = time.monotonic(); print(checklist(unit, creditor_id=c, design=design, settings=s)); print(time.monotonic() - t)
        t = time.monotonic(); print(rendered(unit, creditor_id=c, design=design, settings=s, renderer=TemplateRenderer())); print(time.monotonic() - t)

"""Screenshots of my pages from a served house."""
import sys, re
from datetime import date
import pytest
from playwright.sync_api import sync_playwright
from agency.kernel.emitting import install_reactions
from agency.kernel.unit import Door
from agency.parties.models import Role
from agency.pricing.rate_cards import publish_first_card
from agency.pricing.quoting import quote_placement
from agency.documents.upload import add_document
from agency.rules.facts import DocumentKind
from sqlalchemy import text
from portal import main
from portal.shared.sessions import cookie_name
from tests.intake.factories import Store, a_file, a_row, place
from tests.portal.house import House, token_of
from tests.portal.served import serve
from tests.portal.test_rate_cards import Editor
from tests.portal.test_creditor import Browser
import random

OUT = "/tmp/shots-p"
AT_REST = "() => document.getAnimations().every(one => one.playState !== 'running')"
VIOLATIONS = """rules => axe.run(document, {runOnly: rules}).then(found => found.violations.map(
    one => one.id + ': ' + one.nodes.map(node => node.target.join(' ') + ' :: ' + node.failureSummary).join(', ')))"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

def test_shots(units, redis_url, data_folder, monkeypatch, chromium):
    monkeypatch.setattr(main, "PARTS", ("portal.shared.sign_in","portal.shared.account", "portal.admin", "portal.creditor", "portal.api", "portal.live"))
    install_reactions({})
    with units.open(Door.STAFF, by="system:test") as unit:
        publish_first_card(unit, valid_from=date(2020, 1, 1))
    house = House(units, folder=data_folder, redis_url=redis_url)
    creditor_id = house.creditor()
    rng = random.Random(2)
    names = ["Bakkerij Jansen B.V.", "Zeer Lange Handelsnaam voor Internationale Technische Groothandel en Dienstverlening Noord-Oost Nederland B.V.", "Jan de Vries", "Piet Mulder", "Peeters BVBA"]
    headers = "Factuurnummer;Klantnummer;Soort;Naam;Bedrag;Factuurdatum;Vervaldatum;Land;Betwist"
    rows = [f"F{i};{i};{'bedrijf' if i%2 else 'consument'};{names[i%5]};{rng.randint(50,9000)},00;01-0{1+i%8}-2026;28-0{1+i%8}-2026;{['NL','BE','DE'][i%3]};{'ja' if i%4==0 else 'nee'}" for i in range(12)]
    manager = Browser(house, creditor_id, Role.CREDITOR_MANAGER)
    page = manager.drop(a_file(*rows, headers=headers)).headers["location"]
    with units.open(Door.CREDITOR, by="user:test", creditor_id=creditor_id) as unit:
        found = unit.session.connection().execute(text("SELECT id, placement_id FROM claim LIMIT 3")).all()
        for c in found:
            add_document(unit, Store(), creditor_id=creditor_id, claim_id=c.id, kind=DocumentKind.contract, name="contract.pdf", content=b"%PDF-1.4\n%%EOF")
        issued = quote_placement(unit, creditor_id=creditor_id, placement_id=found[0].placement_id)
    newq = f"/creditor/quotes/{issued.quote_id}"
    open("/tmp/shots-p/quote.pdf","wb").write(manager.get(newq+".pdf?lang=nl").content)
    editor = Editor(house)
    fields = editor.fields() | {"file_fee": ["10"]}
    fields["band_percent"][1]="10.5"
    fields["age_points"][2]="4"
    editor.post(editor.page, fields)
    bad = Editor.__new__(Editor); bad.client, bad.csrf = editor.client, editor.csrf
    bad.page = bad.post("/admin/rate-cards/drafts").headers["location"]
    f2 = bad.fields(); f2["age_points"][1] = "-9"; bad.post(bad.page, f2)
    single = place(units, creditor_id, a_file(a_row("S1", amount="2.500,00")))
    sq = house.one("SELECT id FROM quote WHERE placement_id = :p", p=single.placement_id)
    pages = {
      "quote": (manager, newq), "quote-one": (manager, f"/creditor/quotes/{sq}"), "changes": (manager, newq+"/changes"), "choice": (manager, newq+"/choice"), "refusal": (manager, newq+"/refusal"),
      "single": (manager, "/creditor/claims/new"),
      "cards": (editor, "/admin/rate-cards"), "draft": (editor, editor.page), "draft-bad": (bad, bad.page), "version": (editor, "/admin/rate-cards/versions/1"), "simulation": (editor, editor.page+"/simulation"),
    }
    only = [n for n in open("/tmp/shots-p/only").read().split()] if __import__("os").path.exists("/tmp/shots-p/only") else list(pages)
    with serve(house) as served, sync_playwright() as pw:
        browser = pw.chromium.launch(executable_path=str(chromium), args=["--no-sandbox","--disable-gpu"])
        for size_name,size in (("d",{"width":1440,"height":900}),("p",{"width":390,"height":844})):
            for scheme in (("light",) if size_name=="d" else ("dark",)):
                ctxs={}
                for name in only:
                    who, path = pages[name]
                    key=id(who.client)
                    if key not in ctxs:
                        ctx=browser.new_context(viewport=size,color_scheme=scheme, bypass_csp=True)
                        ctx.add_cookies([{"name": cookie_name(house.settings), "value": who.client.cookies.get(cookie_name(house.settings)), "url": served.url}])
                        ctxs[key]=ctx.new_page()
                    pg=ctxs[key]
                    errs=[]
                    pg.on("console", lambda m: errs.append(m.text) if m.type=="error" else None)
                    pg.goto(served.url+path)
                    if name=="single":
                        pg.fill("[name=amount]","2500,00"); pg.fill("[name=due_on]","2026-05-31"); pg.check("[name=has][value=invoice]"); pg.check("[name=disputed]")
                        pg.wait_for_timeout(2500); print("\nPRICE", errs, pg.inner_text("#price")[:300])
                        for d in pg.query_selector_all("#price details"): d.evaluate("e=>e.open=true")
                    if name=="draft" and size_name=="d" and scheme=="light":
                        pg.fill("[name=floor_bps]","x"); pg.dispatch_event("[name=floor_bps]","change"); pg.wait_for_selector("#checks .tone-bad")
                    if name=="quote":
                        d=pg.query_selector(".price-line"); d and d.evaluate("e=>e.open=true")
                    pg.wait_for_function(AT_REST)
                    wide = pg.evaluate("document.documentElement.scrollWidth - innerWidth")
                    pg.screenshot(path=f"{OUT}/{name}-{size_name}-{scheme}.png", full_page=True)
                    axe = __import__("pathlib").Path("/tmp/shots-p/axe.js")
                    v = (pg.evaluate(axe.read_text()), pg.evaluate(VIOLATIONS, RULES))[1] if axe.exists() else []
                    if v or wide>0 or errs: print("\nFOUND", name,size_name,scheme, "overflow",wide, v, errs[:3])

"""What the creditor hands over: collection of a claim, or the care of its invoices from the due date on."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from agency.kernel.unit import Unit
from agency.parties.products import Chosen, choose_product, free_days, product_of
from agency.rules.facts import DebtorKind, Law, Phase
from agency.rules.identity import identity_shown
from agency.rules.path_checks import PHASE_OF
from agency.rules.products import HandOver, Product, managed_path
from agency.rules.treatment import PathStep
from portal.creditor.doors import MANAGERS, binding, creditor_page, routes
from portal.creditor.goals import when_after
from portal.creditor.words import step_words
from portal.products import HAND_OVERS, PRODUCTS, chosen_words
from portal.shared.audience import CreditorUnit, TheVisitor, leave_for, own_creditor
from portal.shared.forms import Fields, Form, FormModel, blank, submitted
from portal.shared.i18n import N_, gettext

_NOT_DUE: Final = text(
    "SELECT count(*) FROM claim WHERE creditor_id = :c AND placement_id = :p AND due_on >= :today"
    " AND state IN ('new', 'quoted', 'active')"
)
_OPEN_QUOTE: Final = text(
    "SELECT id FROM quote WHERE creditor_id = :c AND placement_id = :p AND state = 'open'"
    " ORDER BY issued_at DESC LIMIT 1"
)


class ProductForm(FormModel):
    """The product, and from which step on the agency works."""

    product: Product
    hand_over: HandOver = HandOver.first_reminder


@routes.get("/products")
def products(request: Request, unit: CreditorUnit, visitor: TheVisitor) -> Response:
    """The standing choice, and what each one does from which day on, in whose name."""
    creditor_id = own_creditor(visitor)
    return _page(
        request, unit, visitor.roles, creditor_id, product_form(product_of(unit, creditor_id=creditor_id))
    )


@binding.post("/products")
def choose(request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields) -> Response:
    """Keep the standing choice; what is in collection already stays as it is."""
    form = submitted(ProductForm, fields)
    with form.attempt(unit):
        choose_product(
            unit, creditor_id=own_creditor(visitor), product=form.data.product, hand_over=form.data.hand_over
        )
    if form.errors:
        return _page(request, unit, visitor.roles, own_creditor(visitor), form, status=422)
    return leave_for("/creditor/products", notice=N_("Kept. What you hand over from now on follows it."))


@binding.post("/placements/{placement_id:uuid}/product")
def choose_for_placement(
    request: Request, unit: CreditorUnit, visitor: TheVisitor, fields: Fields, placement_id: UUID
) -> Response:
    """Keep another choice for one file, before its price is accepted."""
    creditor_id = own_creditor(visitor)
    form = submitted(ProductForm, fields)
    with form.attempt(unit):
        choose_product(
            unit,
            creditor_id=creditor_id,
            product=form.data.product,
            hand_over=form.data.hand_over,
            placement_id=placement_id,
        )
    if form.errors:
        return _page(request, unit, visitor.roles, creditor_id, form, status=422, placement_id=placement_id)
    quote_id = (
        unit.session.connection()
        .execute(_OPEN_QUOTE, {"c": creditor_id, "p": placement_id})
        .scalar_one_or_none()
    )
    back = f"/creditor/quotes/{quote_id}" if quote_id else f"/creditor/placements/{placement_id}"
    return leave_for(back, notice=N_("Kept for this file."))


def product_form(chosen: Chosen) -> Form[Any]:
    """This function will return the form of a choice, filled with what counts now."""
    return blank(product=chosen.product.value, hand_over=chosen.hand_over.value)


def placement_product(unit: Unit, *, creditor_id: UUID, placement_id: UUID | None) -> dict[str, Any] | None:
    """This function will return what was chosen for a placement, in words and with its form."""
    if placement_id is None:
        return None
    chosen = product_of(unit, creditor_id=creditor_id, placement_id=placement_id)
    not_due = unit.session.connection().execute(
        _NOT_DUE, {"c": creditor_id, "p": placement_id, "today": unit.today}
    )
    return {
        "words": chosen_words(chosen.product, chosen.hand_over),
        "managed": chosen.product is Product.management,
        "form": product_form(chosen),
        "url": f"/creditor/placements/{placement_id}/product",
        "not_due": not_due.scalar_one(),
        **product_choices(),
    }


def product_choices() -> dict[str, Any]:
    """This function will return the options of the form."""
    return {
        "products": [(value, label, about) for value, (label, about) in PRODUCTS.items()],
        "hand_overs": list(HAND_OVERS.items()),
    }


def _page(
    request: Request,
    unit: Unit,
    roles: frozenset[str],
    creditor_id: UUID,
    form: Form[Any],
    *,
    status: int = 200,
    placement_id: UUID | None = None,
) -> Response:
    return creditor_page(
        request,
        "products.html",
        status=status,
        form=form,
        url=f"/creditor/placements/{placement_id}/product" if placement_id else "/creditor/products",
        may_choose=bool(roles & MANAGERS),
        free_days=free_days(unit, creditor_id=creditor_id),
        paths=[(gettext(label), _path(unit, value)) for value, label in HAND_OVERS.items()],
        **product_choices(),
    )


def _path(unit: Unit, hand_over: str) -> list[dict[str, str]]:
    """The steps for a business in the Netherlands as an example, each with its day and in whose name."""
    path = managed_path(law=Law.nl, debtor=DebtorKind.company, hand_over=HandOver(hand_over))
    return [
        {"step": step_words(step.key), "when": when_after(step), "name": _name(unit, step)}
        for step in path.steps
        if step.days  # a copy leaves with the step before it
    ]


def _name(unit: Unit, step: PathStep) -> str:
    phase = PHASE_OF[step.phase] if step.phase else Phase.reminder
    shown = identity_shown(
        country="NL", debtor=DebtorKind.company, phase=phase, in_creditors_name=True, on=unit.today
    )
    return gettext("in your name") if shown.sender == "creditor" else gettext("in our name")

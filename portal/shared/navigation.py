"""The doors of the back office and what stands in their menus: one table, read by the app shell."""

from dataclasses import dataclass

from portal.shared.i18n import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu. `label` is a text to translate; `icon` a symbol of `static/icons.svg`.

    `covers` begins the addresses that belong to the line without beginning as it does.
    """

    label: str
    href: str
    icon: str
    covers: tuple[str, ...] = ()

    def reach(self, path: str) -> int:
        """How much of an address begins as this line does; 0 when it belongs elsewhere."""
        starts = (
            start for start in (self.href, *self.covers) if path == start or path.startswith(start + "/")
        )
        return max(map(len, starts), default=0)


@dataclass(frozen=True, slots=True)
class Door:
    """One audience's part of the portal: its menu, its home, and the roles that may enter.

    `search` is an address that answers `?q=` with a fragment of links (`<li><a href>`), shown in the
    command palette; empty where the door has none.
    """

    name: str
    label: str
    home: str
    roles: frozenset[str]
    entries: tuple[Entry, ...]
    search: str = ""


DOORS: tuple[Door, ...] = (
    Door(
        "collector",
        N_("Desk"),
        "/desk",
        frozenset({"collector"}),
        (
            Entry(N_("Work queue"), "/desk", "queue"),
            Entry(N_("Messages"), "/desk/inbound", "inbox"),
            Entry(N_("Claims"), "/desk/claims", "claims", covers=("/desk/debtors",)),
            Entry(N_("Promises"), "/desk/promises", "promise"),
            Entry(N_("Payment plans"), "/desk/plans", "calendar"),
            Entry(N_("Disputes"), "/desk/disputes", "dispute"),
            Entry(N_("One claim or two?"), "/desk/duplicates", "link"),
            Entry(N_("Unclear registers"), "/desk/registers", "search"),
            Entry(N_("To sort"), "/desk/sorting", "file"),
        ),
        search="/desk/search",
    ),
    Door(
        "finance",
        N_("Finance"),
        "/finance",
        frozenset({"finance"}),
        (
            Entry(N_("Overview"), "/finance", "home"),
            Entry(N_("Statements"), "/finance/statements", "bank", covers=("/finance/lines",)),
            Entry(N_("Suspense"), "/finance/suspense", "suspense"),
            Entry(N_("Refunds"), "/finance/refunds", "refresh"),
            Entry(
                N_("Remittances"),
                "/finance/remittances",
                "payout",
                covers=("/finance/invoices", "/finance/account-changes", "/finance/payout-terms"),
            ),
            Entry(N_("Direct debits"), "/finance/collections", "download"),
            Entry(N_("Waivers"), "/finance/waivers", "scale"),
            Entry(N_("Proof"), "/finance/proof", "proof"),
        ),
    ),
    Door(
        "admin",
        N_("Administration"),
        "/admin",
        frozenset({"admin"}),
        (
            Entry(N_("Health"), "/admin", "health"),
            Entry(N_("Users"), "/admin/users", "users"),
            Entry(N_("Creditors"), "/admin/creditors", "building"),
            Entry(N_("Brands"), "/admin/brands", "brand"),
            Entry(N_("Rate cards"), "/admin/rate-cards", "scale"),
            Entry(N_("Treatment paths"), "/admin/paths", "play"),
            Entry(N_("Experiments"), "/admin/experiments", "proof"),
            Entry(N_("Print batches"), "/admin/print-batches", "file"),
            Entry(N_("Inspection"), "/admin/inspection", "search", covers=("/admin/audit",)),
        ),
    ),
    Door(
        "creditor",
        N_("Creditor"),
        "/creditor",
        frozenset({"creditor_clerk", "creditor_manager"}),
        (
            Entry(N_("Overview"), "/creditor", "home", covers=("/creditor/onboarding",)),
            Entry(
                N_("Claims"),
                "/creditor/claims",
                "claims",
                covers=("/creditor/documents", "/creditor/duplicates"),
            ),
            Entry(
                N_("Submit claims"),
                "/creditor/placements/new",
                "upload",
                covers=(
                    "/creditor/placements",
                    "/creditor/claims/new",
                    "/creditor/drops",
                    "/creditor/mappings",
                    "/creditor/interface",
                    "/creditor/keys",
                    "/creditor/bookkeeping",
                ),
            ),
            Entry(N_("Quotes"), "/creditor/quotes", "quote", covers=("/creditor/price-requests",)),
            Entry(N_("To fill in"), "/creditor/missing", "inbox"),
            Entry(N_("To sort"), "/creditor/sorting", "file"),
            Entry(
                N_("Payouts"),
                "/creditor/payouts",
                "payout",
                covers=("/creditor/invoices", "/creditor/account", "/creditor/direct-payments"),
            ),
            Entry(N_("Credit checks"), "/creditor/credit-checks", "building"),
            Entry(
                N_("Your goals"),
                "/creditor/goals",
                "settings",
                covers=("/creditor/arrangements", "/creditor/brand", "/creditor/products"),
            ),
        ),
        search="/creditor/search",
    ),
)


def door_of(path: str) -> Door | None:
    """This function will return the door that an address lies behind, if any."""
    for door in DOORS:
        if path == door.home or path.startswith(door.home + "/"):
            return door
    return None


def current_entry(door: Door, path: str) -> Entry | None:
    """This function will return the menu entry an address belongs to: the longest that begins it."""
    nearest = max(door.entries, key=lambda entry: entry.reach(path), default=None)
    return nearest if nearest and nearest.reach(path) else None


def doors_for(roles: frozenset[str]) -> tuple[Door, ...]:
    """This function will return the doors that a person with these roles may use."""
    return tuple(door for door in DOORS if door.roles & roles)

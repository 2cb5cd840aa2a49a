"""The doors of the back office and what stands in their menus: one table, read by the app shell."""

from dataclasses import dataclass

from portal.shared.i18n import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu. `label` is a text to translate; `icon` a symbol of `static/icons.svg`."""

    label: str
    href: str
    icon: str


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
            Entry(N_("Claims"), "/desk/claims", "claims"),
            Entry(N_("Promises"), "/desk/promises", "promise"),
            Entry(N_("Disputes"), "/desk/disputes", "dispute"),
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
            Entry(N_("Statements"), "/finance/statements", "bank"),
            Entry(N_("Suspense"), "/finance/suspense", "suspense"),
            Entry(N_("Remittances"), "/finance/remittances", "payout"),
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
            Entry(N_("Brands"), "/admin/brands", "brand"),
        ),
    ),
    Door(
        "creditor",
        N_("Creditor"),
        "/creditor",
        frozenset({"creditor_clerk", "creditor_manager"}),
        (
            Entry(N_("Overview"), "/creditor", "home"),
            Entry(N_("Claims"), "/creditor/claims", "claims"),
            Entry(N_("Submit claims"), "/creditor/placements/new", "upload"),
            Entry(N_("Quotes"), "/creditor/quotes", "quote"),
            Entry(N_("Payouts"), "/creditor/payouts", "payout"),
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
    matching = [entry for entry in door.entries if path == entry.href or path.startswith(entry.href + "/")]
    return max(matching, key=lambda entry: len(entry.href), default=None)


def doors_for(roles: frozenset[str]) -> tuple[Door, ...]:
    """This function will return the doors that a person with these roles may use."""
    return tuple(door for door in DOORS if door.roles & roles)

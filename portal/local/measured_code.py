"""What `dev mutate` changes, the tests that should notice, and the names under which it may be asked for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from portal.local.places import PROJECT, LocalTrouble

# Folders and single modules that decide and touch nothing; of the ledger, what makes a transaction.
CODE: Final = ("agency/rules", "agency/money", "agency/ledger/transaction.py")
# Beside the rules' own tests, those of the rooms that a rule was made for.
TESTS: Final = (
    "tests/rules", "tests/money", "tests/calendar", "tests/documents/test_recognising.py",
    "tests/sorting/test_incoming.py", "tests/credit/test_credit_checks.py",
    "tests/claims/test_known_before.py", "tests/ledger/test_transaction.py", "tests/ledger/test_giving_up.py",
    "tests/bankfiles/test_same_movements.py", "tests/banking/test_returns.py",
    "tests/banking/test_suspense.py", "tests/arrangements/test_direct_debits.py",
    "tests/inbound/test_bounces.py", "tests/inbound/test_mail_as_read.py",
    "tests/inbound/test_threading.py", "tests/inbound/test_other_mail.py",
    "tests/inbound/test_packed_mail.py", "tests/inbound/test_told_of_person.py",
    "tests/parties/test_names_and_terms.py",
)  # fmt: skip
DECISIONS: Final[dict[str, tuple[str, ...]]] = {
    "ledger": ("agency.ledger.transaction", "agency.money.amount", "agency.money.rounding"),
    "allocation": (
        "agency.rules.allocation", "agency.rules.allocation_over_claims", "agency.rules.contract_split",
        "agency.rules.smaller_claims", "agency.rules.remainder", "agency.rules.invoice_shares",
    ),
    "fees": (
        "agency.rules.success_fee", "agency.rules.tariff", "agency.rules.debt_age", "agency.rules.fee_vat",
        "agency.rules.fee_agreement", "agency.rules.insured_fee", "agency.rules.insured_recovery",
        "agency.rules.no_cure_no_pay", "agency.rules.payout", "agency.rules.returned_payout",
        "agency.rules.vat_rounding",
    ),
    "matching": (
        "agency.rules.match", "agency.rules.match_score", "agency.rules.match_search",
        "agency.rules.payer_name", "agency.rules.reference", "agency.rules.reference_repair",
        "agency.rules.returned", "agency.rules.same_line", "agency.rules.split_line",
    ),
}  # fmt: skip
"""The decisions about money, each by the modules that take it."""


def sources_of(asked: Iterable[str]) -> dict[str, str]:
    """This function will return the file of each module that is asked for, by its full name.

    :param asked: modules such as `agency.rules.costs`, `costs` or a path, folders such as
        `agency.rules.inbound` or decisions such as `fees`; none for all that is changed.
    :raises LocalTrouble: no such module, folder or decision.
    """
    every = dict(sorted((_module(path), str(path)) for place in CODE for path in _files(place)))
    chosen: dict[str, str] = {}
    for name in asked:
        found = {module: path for module, path in every.items() if _is_meant(name, module, path)}
        if not found:
            raise LocalTrouble(f"no module {name} in {' or '.join(CODE)}, and no {', '.join(DECISIONS)}")
        chosen |= found
    return chosen or every


def _is_meant(name: str, module: str, path: str) -> bool:
    if name in DECISIONS:
        return module in DECISIONS[name]
    return name in (module, module.rpartition(".")[2], path) or module.startswith(f"{name}.")


def _files(place: str) -> Iterable[Path]:
    found = [PROJECT / place] if place.endswith(".py") else (PROJECT / place).rglob("*.py")
    return (path.relative_to(PROJECT) for path in found)


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")

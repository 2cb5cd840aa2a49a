def structured_ogm(n: int) -> str:
    raise NotImplementedError


def creditor_reference(n: int) -> str:
    raise NotImplementedError


def claim_number(n: int) -> str:
    raise NotImplementedError


def valid_ogm(text: str) -> bool:
    raise NotImplementedError


def valid_rf(text: str) -> bool:
    raise NotImplementedError


def references_in(text: str) -> tuple[str, ...]:
    raise NotImplementedError

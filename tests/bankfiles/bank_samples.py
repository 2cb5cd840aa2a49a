"""Small bank files for the tests to bend."""

IBAN = "NL91ABNA0417164300"


def entry(
    amount: str = "25.00",
    *,
    direction: str = "CRDT",
    ref: str | None = "B1",
    day: str = "2026-11-02",
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    extra: str = "",
    details: str = "<TxDtls><RmtInf><Ustrd>Factuur 42</Ustrd></RmtInf></TxDtls>",
    currency: str = "EUR",
) -> str:
    """One Ntry; each part can be replaced."""
    servicer = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    mark = f"<CdtDbtInd>{direction}</CdtDbtInd>" if direction else ""
    booked = f"<BookgDt><Dt>{day}</Dt></BookgDt>" if day else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt>{mark}{extra}{status}{booked}{servicer}'
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def balance(
    code: str, amount: str, *, day: str = "2026-11-02", mark: str = "CRDT", currency: str = "EUR"
) -> str:
    """One Bal; an empty mark leaves out which way it stands."""
    direction = f"<CdtDbtInd>{mark}</CdtDbtInd>" if mark else ""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount}</Amt>{direction}'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def statement(
    *entries: str,
    opening: str = balance("OPBD", "100.00"),
    closing: str = balance("CLBD", "125.00"),
    id: str = "S1",
    account: str = f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>",
) -> str:
    """One Stmt."""
    return f"<Stmt><Id>{id}</Id>{account}{opening}{closing}{''.join(entries)}</Stmt>"


def camt053(
    *statements: str,
    namespace: str = ' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"',
    message: str = "M1",
) -> bytes:
    """A whole message."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document{namespace}><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>{message}</MsgId><CreDtTm>2026-11-03T06:00:00</CreDtTm></GrpHdr>{''.join(statements)}</BkToCstmrStmt></Document>"
    ).encode()


MT940 = """\
:20:ABN AMRO BANK NV
:25:NL91ABNA0417164300
:28C:30601/1
:60F:C261101EUR100,00
:61:2611021102C25,00N654NONREF//B1
:86:/TRTP/SEPA OVERBOEKING/IBAN/NL86INGB0002445588/BIC/INGBNL2A/NAME/J JANSEN/REMI/Factuur 42/EREF/E2E-1
:61:2611021102D5,5N426NONREF//B2
:86:BEA   NR:XXX1234   02.11.26/12.54 DIRCKIII
:62F:C261102EUR119,50
-
"""

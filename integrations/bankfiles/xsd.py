"""Checks a document against an XML schema: a gate for what we write, never for what a bank sends."""

from typing import Any

from lxml import etree

from integrations import untrusted_xml
from integrations.bankfiles.camt import CAMT_BYTES_MAX


def schema_errors(content: bytes, *, schema: bytes) -> tuple[str, ...]:
    """This function will return what an XML schema finds wrong, in document order; empty when valid.

    :param schema: a self-contained XSD from a source we trust, such as an ISO 20022 message schema.
    :raises Unreadable: when the content is not well-formed XML.
    :raises lxml.etree.XMLSchemaParseError: when the schema itself is broken.
    """
    checker = etree.XMLSchema(etree.fromstring(schema))
    document = untrusted_xml.parse(content, max_bytes=CAMT_BYTES_MAX)
    if checker.validate(document):
        return ()
    errors: Any = checker.error_log
    return tuple(f"line {error.line}: {error.message}" for error in errors)

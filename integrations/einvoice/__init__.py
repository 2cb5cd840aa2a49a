"""Reads e-invoices: UBL (Peppol, NLCIUS, UBL.BE, XRechnung) and CII (Factur-X, ZUGFeRD), bare or in a PDF."""

from integrations.einvoice.reader import read_einvoice

__all__ = ["read_einvoice"]

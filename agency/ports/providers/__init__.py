"""What the business asks of providers: send, call, collect a payment, render, keep a file.

An adapter in `integrations` implements one Protocol. Whatever goes wrong at a provider reaches the
business as one of three exceptions, because only three reactions exist: tell somebody (refused),
try again later (transient), or find out first what really happened (ambiguous).
"""

from agency.ports.providers.calls import CallLeg, CallReceipt, CallState, VoiceCaller
from agency.ports.providers.failures import (
    ProviderAmbiguous,
    ProviderError,
    ProviderRefused,
    ProviderTransient,
)
from agency.ports.providers.files import FileNotStored, FileStore
from agency.ports.providers.letters import (
    BatchState,
    LetterPrinter,
    PrintBatch,
    PrintedLetter,
    PrintEvent,
    PrintReport,
    TakenBatch,
)
from agency.ports.providers.messages import (
    Attachment,
    EmailSender,
    Receipt,
    ReceiptKind,
    Sender,
    SmsSender,
    WhatsAppSender,
)
from agency.ports.providers.payments import (
    CreatedPayment,
    PaymentProvider,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    Settlement,
    SettlementLine,
)
from agency.ports.providers.rendering import CopiedPage, Renderer, TemplateRefused, Value

__all__ = [
    "Attachment",
    "BatchState",
    "CallLeg",
    "CallReceipt",
    "CallState",
    "CopiedPage",
    "CreatedPayment",
    "EmailSender",
    "FileNotStored",
    "FileStore",
    "LetterPrinter",
    "PaymentProvider",
    "PaymentStatus",
    "PrintBatch",
    "PrintEvent",
    "PrintReport",
    "PrintedLetter",
    "ProviderAmbiguous",
    "ProviderError",
    "ProviderPayment",
    "ProviderRefund",
    "ProviderRefused",
    "ProviderTransient",
    "Receipt",
    "ReceiptKind",
    "Renderer",
    "Sender",
    "Settlement",
    "SettlementLine",
    "SmsSender",
    "TakenBatch",
    "TemplateRefused",
    "Value",
    "VoiceCaller",
    "WhatsAppSender",
]

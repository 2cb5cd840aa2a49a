"""What the documents tell: dossiers, evidence, and information that is asked for."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class DocumentAdded(Event):
    """A file was added to a claim's dossier."""

    reacts: ClassVar[bool] = True
    document_id: UUID
    document_kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EvidenceChecked(Event):
    """A document was read and compared with its claim, or a person judged it: what it counts for changed."""

    reacts: ClassVar[bool] = True
    document_id: UUID
    document_kind: str
    name: str
    standing: str
    by_person: bool = False


@dataclass(frozen=True, kw_only=True)
class DocumentRemoved(Event):
    """A file that was in the wrong claim's dossier was taken out of it."""

    reacts: ClassVar[bool] = True
    document_id: UUID
    document_kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class CompletenessOverridden(Event):
    """A person lifted the completeness of a claim (`at_least`), or took that back (0)."""

    reacts: ClassVar[bool] = True
    at_least: int


@dataclass(frozen=True, kw_only=True)
class DocumentsWait(Event):
    """Files came of which nobody can tell yet to which claim they belong."""

    documents: int


@dataclass(frozen=True, kw_only=True)
class InformationAsked(Event):
    """Claims miss something that must be known before their debtors are contacted."""

    claims: int
    due_on: str


@dataclass(frozen=True, kw_only=True)
class InformationSolved(Event):
    """Everything that was asked about a claim is known now."""

    reacts: ClassVar[bool] = True
    request_id: UUID


@dataclass(frozen=True, kw_only=True)
class InformationExpired(Event):
    """What was asked about a claim did not come in time; `outcome` is started_without or returned."""

    reacts: ClassVar[bool] = True
    request_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class DossierAsked(Event):
    """Somebody asked for a claim's dossier as one bundle."""

    creditor_sees: ClassVar[bool] = False
    dossier_id: UUID


@dataclass(frozen=True, kw_only=True)
class DossierBuilt(Event):
    """A claim's dossier is ready."""

    creditor_sees: ClassVar[bool] = False
    dossier_id: UUID
    pages: int

"""What the agency's own records tell."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from agency.events.event import Event


@dataclass(frozen=True, kw_only=True)
class InspectionExportChanged(Event):
    """An export for an inspector has come further; only nudges open pages."""

    creditor_sees: ClassVar[bool] = False
    export_id: UUID


@dataclass(frozen=True, kw_only=True)
class ErasureRunChanged(Event):
    """A run of erasing has come further; only nudges open pages."""

    creditor_sees: ClassVar[bool] = False
    run_id: UUID

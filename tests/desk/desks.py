"""What tests of the desk start from: an agency with a telephone, collectors, debtors who can be called."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select

from agency.claims.models import Claim
from agency.desk.calls import place_call
from agency.desk.dispositions import CallOutcome, close_call
from agency.desk.models import Disposition, WorkKind
from agency.desk.queue import ask_for_person
from agency.kernel.ids import new_id
from agency.kernel.unit import Door
from agency.parties.models import Audience, Debtor, Role
from agency.parties.names import name_key
from agency.parties.users import create_user
from tests.communication.correspondence import Office, a_correspondent

NUMBER = "+31612345678"
OWN_NUMBER = "+31201112222"


@dataclass
class Telephone:
    """A voice provider that notes whom it connects, and fails as it is told to."""

    rung: list[tuple[str, str]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def call(self, *, call_id: str, collector: str, debtor: str, caller_id: str) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.rung.append((collector, debtor))
        self.shown.append(caller_id)
        return f"CA-{call_id}"


@dataclass
class Desk:
    """An office with a telephone and one collector at work."""

    office: Office
    telephone: Telephone = field(default_factory=Telephone)
    user_id: UUID = field(default_factory=new_id)

    @property
    def by(self) -> str:
        return f"user:{self.user_id}"

    def unit(self, user_id: UUID | None = None):
        return self.office.units.open(Door.STAFF, by=f"user:{user_id or self.user_id}")

    def hire(self, name: str, *, roles=(Role.COLLECTOR,)) -> UUID:
        with self.office.units.open(Door.STAFF, by="system:test") as unit:
            return create_user(
                unit,
                email=f"{name.lower().replace(' ', '.')}@agency.example",
                name=name,
                audience=Audience.STAFF,
                roles=roles,
                password="a long enough password",
                sealing_secret="s" * 32,
                language="en",
            ).user_id

    def claim(self, **values) -> tuple[UUID, UUID]:
        with self.office.unit() as unit:
            creditor_id, claim_id = a_correspondent(unit, **values)
            debtor = select(Debtor).join(Claim, col(Claim.debtor_id) == col(Debtor.id))
            found = unit.session.exec(debtor.where(Claim.id == claim_id)).one()
            unit.session.refresh(found)
            found.name_key = name_key(found.name)
            return creditor_id, claim_id

    def ask(self, claim: tuple[UUID, UUID], kind: WorkKind = WorkKind.CALL_DUE, **values) -> None:
        with self.office.unit() as unit:
            ask_for_person(
                unit,
                creditor_id=claim[0],
                claim_id=claim[1],
                kind=kind,
                key=values.pop("key", f"{kind}:{claim[1]}"),
                **values,
            )

    def call(self, claim: tuple[UUID, UUID], number: str = NUMBER, collector: str = OWN_NUMBER) -> UUID:
        return place_call(
            self.office.units,
            self.telephone,
            by=self.by,
            creditor_id=claim[0],
            claim_id=claim[1],
            number=number,
            collector=collector,
            caller_id="+31201234567",
        )

    def close(self, claim: tuple[UUID, UUID], call_id: UUID, disposition: Disposition, **values) -> None:
        with self.unit() as unit:
            close_call(
                unit,
                creditor_id=claim[0],
                call_id=call_id,
                outcome=CallOutcome(disposition=disposition, **values),
            )
        self.office.react()

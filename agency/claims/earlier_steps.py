"""What a creditor did before it handed a claim over: reminders, notices and calls as steps already taken.

A Dutch consumer's fourteen-day letter is judged by the law; without a fault it is the claim's own notice, so
its term runs and its costs may be asked. Any other notice counts as a reminder: what the law wants of it is
written again by the agency.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select

from agency.claims.models import EarlierKind, EarlierStep
from agency.claims.told_days import check_told
from agency.events import EarlierStepKnown
from agency.kernel.emitting import emit
from agency.kernel.errors import Invalid, NotFound
from agency.kernel.unit import Unit
from agency.money import Money
from agency.rules.costs_vat import VatPosition
from agency.rules.facts import Channel, DebtorKind, Law
from agency.rules.fourteen_days import CountedFrom, SentLetter, WrongLetter, wrong_letter
from agency.rules.lawful_costs import UnlawfulCosts
from agency.rules.notice import notice_term

_DAY = timedelta(days=1)
NOTICE_DAYS_END: Final = 1000
NOT_DAYS: Final = "is not a number of days"
NO_AMOUNT: Final = "is not an amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """What a notice says: its term in days, from when it counts, and the costs that it announces.

    `costs_minor` are without VAT, in minor units of the claim's currency; None where it names none.
    """

    days: int | None = None
    counted_from: CountedFrom = CountedFrom.day_after_delivery
    costs_minor: int | None = None
    vat_minor: int | None = None
    vat_declared: bool = False
    consequences_stated: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the facts as they are kept."""
        return {
            "days": self.days, "counted_from": self.counted_from.value, "costs_minor": self.costs_minor,
            "vat_minor": self.vat_minor, "vat_declared": self.vat_declared,
            "consequences_stated": self.consequences_stated,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenStep:
    """One step that a creditor took itself, to be recorded with its claim."""

    claim_id: UUID
    kind: EarlierKind
    channel: Channel
    sent_on: date
    document_id: UUID | None = None
    notice: NoticeWords = field(default_factory=NoticeWords)


_CLAIMS = text(
    "SELECT c.id, c.law, c.currency, c.due_on, c.state, d.kind AS debtor,"
    " (SELECT array_agg(i.open_minor ORDER BY i.due_on, i.number) FROM invoice i"
    "  WHERE i.creditor_id = c.creditor_id AND i.claim_id = c.id AND i.open_minor > 0) AS principals"
    " FROM claim c JOIN debtor d ON d.creditor_id = c.creditor_id AND d.id = c.debtor_id"
    " WHERE c.creditor_id = :c AND c.id = ANY(:claims)"
)
_INSERT = text(
    "INSERT INTO earlier_step (creditor_id, id, claim_id, kind, channel, sent_on, document_id, facts, faults,"
    " by, created_at) SELECT :c, uuidv7(), s.claim_id, s.kind, s.channel, s.sent_on, s.document_id, s.facts,"
    " s.faults, :by, :now FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS s(claim_id uuid, kind text,"
    "  channel text, sent_on date, document_id uuid, facts jsonb, faults jsonb)"
    " ON CONFLICT (creditor_id, claim_id, kind, sent_on) DO NOTHING RETURNING claim_id, kind,"
    " channel, sent_on,"
    " faults"
)


def record_earlier_steps(unit: Unit, *, creditor_id: UUID, steps: Sequence[TakenStep]) -> int:
    """This function will record steps that a creditor took itself; one that is known already stays as it is.

    :returns: how many were new.
    :raises NotFound: a claim is not this creditor's.
    :raises Invalid: a step lies in the future or impossibly far back, a term is none, or costs are negative.
    """
    if not steps:
        return 0
    connection = unit.session.connection()
    ids = list({step.claim_id for step in steps})
    claims = {row.id: row for row in connection.execute(_CLAIMS, {"c": creditor_id, "claims": ids})}
    rows = [_checked(unit, claims.get(step.claim_id), step) for step in steps]
    new = connection.execute(
        _INSERT, {"c": creditor_id, "by": unit.by, "now": unit.now, "steps": json.dumps(rows)}
    ).all()
    emit(
        unit,
        *(
            EarlierStepKnown(
                creditor_id=creditor_id,
                claim_id=row.claim_id,
                step_kind=row.kind,
                channel=row.channel,
                sent_on=row.sent_on.isoformat(),
                faults=list(row.faults),
            )
            for row in new
        ),
    )
    return len(new)


def _checked(unit: Unit, claim: Row[Any] | None, step: TakenStep) -> dict[str, Any]:
    if claim is None:
        raise NotFound("no such claim")
    if step.sent_on > unit.today:
        raise Invalid("this step lies in the future", field="sent_on")
    check_told(step.sent_on, field="sent_on", today=unit.today)
    is_notice = step.kind is EarlierKind.NOTICE
    days, costs = step.notice.days, step.notice.costs_minor
    if is_notice and days is not None and not 0 < days < NOTICE_DAYS_END:
        raise Invalid(NOT_DAYS, field="notice_days")
    if is_notice and costs is not None and costs < 0:
        raise Invalid(NO_AMOUNT, field="notice_costs")
    return {
        "claim_id": str(step.claim_id),
        "kind": step.kind.value,
        "channel": step.channel.value,
        "sent_on": step.sent_on.isoformat(),
        "document_id": str(step.document_id) if step.document_id else None,
        "facts": step.notice.as_json() if is_notice else {},
        "faults": list(faults_of(claim, step)) if is_notice else [],
    }


def faults_of(claim: Any, step: TakenStep) -> tuple[str, ...]:
    """This function will judge a notice: what is wrong with a fourteen-day letter, by name.

    Any other notice is "not_judged": the agency writes it anew.

    :param claim: a row with law, debtor, currency, due_on and principals (minor units).
    """
    if claim.law != Law.nl or claim.debtor != DebtorKind.consumer or step.channel not in _WRITTEN:
        return ("not_judged",)
    money = Money.zero(claim.currency)
    words = step.notice
    letter = SentLetter(
        principals=[Money(minor, money.currency) for minor in claim.principals or ()],
        sent=step.sent_on,
        default_since=claim.due_on + _DAY,
        days=words.days,
        counted_from=words.counted_from,
        costs=None if words.costs_minor is None else Money(words.costs_minor, money.currency),
        vat=Money(words.vat_minor, money.currency) if words.vat_minor else None,
        vat_position=VatPosition(deductible=not words.vat_declared, declared=words.vat_declared),
        consequences_stated=words.consequences_stated,
    )
    try:
        return wrong_letter(letter).faults
    except (UnlawfulCosts, WrongLetter):
        return ("not_judged",)


_WRITTEN = (Channel.letter, Channel.email)


@dataclass(frozen=True, slots=True)
class Credited:
    """What a claim's earlier steps spare it: steps of its path, and a notice's term and costs."""

    steps: tuple[tuple[str, Channel, date], ...]
    costs_from: date | None = None
    costs_minor: int = 0
    vat_minor: int = 0


def credited(steps: Iterable[EarlierStep]) -> Credited:
    """This function will decide which steps of a path an own reminder stands for.

    The first is the first reminder and the last the second; a lawful fourteen-day letter is the notice, and
    everything before it is then behind the claim.
    """
    ordered = sorted(steps, key=lambda step: step.sent_on)
    written = [step for step in ordered if step.kind != EarlierKind.CALL]
    notices = [step for step in written if step.kind == EarlierKind.NOTICE and not step.faults]
    if notices:
        return _with_notice(written, notices[0])
    spared: list[tuple[str, Channel, date]] = []
    if written:
        spared.append(("reminder_1", Channel(written[0].channel), written[0].sent_on))
    if len(written) > 1:
        spared.append(("reminder_2", Channel(written[-1].channel), written[-1].sent_on))
    return Credited(tuple(spared))


def _with_notice(written: Sequence[EarlierStep], notice: EarlierStep) -> Credited:
    channel, sent = Channel(notice.channel), notice.sent_on
    first = written[0]
    by: Literal["post", "email"] = "post" if channel is Channel.letter else "email"
    term = notice_term(law=Law.nl, by=by, sent=sent, days=notice.facts["days"])
    return Credited(
        steps=(
            ("reminder_1", Channel(first.channel), first.sent_on),
            ("reminder_2", channel, sent),
            ("formal_notice", channel, sent),
            ("formal_notice_copy", channel, sent),
        ),
        costs_from=term.costs_from,
        costs_minor=notice.facts["costs_minor"] or 0,
        vat_minor=notice.facts["vat_minor"] or 0,
    )


def earlier_steps(unit: Unit, *, creditor_id: UUID, claim_ids: Sequence[UUID]) -> Sequence[EarlierStep]:
    """This function will return what creditors did themselves about these claims, the oldest first."""
    return unit.session.exec(
        select(EarlierStep)
        .where(EarlierStep.creditor_id == creditor_id, col(EarlierStep.claim_id).in_(claim_ids))
        .order_by(col(EarlierStep.sent_on), col(EarlierStep.id))
    ).all()

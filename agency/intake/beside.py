"""What a row tells beside the claim itself: the creditor's own reminders, and its credit insurance.

It travels as one JSON value per row and is written after the claims stand, for all rows at once.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from agency.claims.earlier_steps import (
    NO_AMOUNT,
    NOT_DAYS,
    NOTICE_DAYS_END,
    NoticeWords,
    TakenStep,
    record_earlier_steps,
)
from agency.claims.insurance import Policy, checked_policy
from agency.claims.models import EarlierKind
from agency.claims.told_days import TOO_OLD, oldest_day
from agency.intake.checks.finding import Finding, Severity
from agency.kernel.errors import Invalid
from agency.kernel.unit import Unit
from agency.rules.facts import Channel
from agency.rules.insured_recovery import notify_by

DATES: Final = ("reminder_1_on", "reminder_2_on", "notice_on", "notify_by", "notified_on")
NUMBERS: Final = ("notice_days", "notice_costs", "covered_percent", "indemnity_percent")
TEXTS: Final = ("policy_number", "insurer")
FIELDS: Final = (*DATES, *NUMBERS, *TEXTS, "notice_complete", "reminder_channel")

SENT_LATER: Final = "is in the future"
POLICY_INCOMPLETE: Final = "an insured claim needs insurer, policy and covered part"


def check_beside(found: Mapping[str, Any], *, today: date) -> list[Finding]:
    """Refuse a step in the future or impossibly far back, and an insurance that is told only in part."""
    later = [
        Finding(field, Severity.REJECT, SENT_LATER, str(found[field]))
        for field in ("reminder_1_on", "reminder_2_on", "notice_on", "notified_on")
        if found.get(field) and found[field] > today
    ]
    later += [
        Finding(field, Severity.REJECT, TOO_OLD, str(found[field]))
        for field in ("reminder_1_on", "reminder_2_on", "notice_on")
        if found.get(field) and found[field] < oldest_day(today)
    ]
    days = found.get("notice_days")
    if days is not None and (days != days.to_integral_value() or not 0 < days < NOTICE_DAYS_END):
        later.append(Finding("notice_days", Severity.REJECT, NOT_DAYS, str(days)))
    costs = found.get("notice_costs")
    if costs is not None and costs < 0:
        later.append(Finding("notice_costs", Severity.REJECT, NO_AMOUNT, str(costs)))
    return later + _policy_faults(found, today)


def _policy_faults(found: Mapping[str, Any], today: date) -> list[Finding]:
    told = [found.get(field) for field in ("insurer", "policy_number", "covered_percent")]
    if not any(part is not None for part in told):
        return []
    if any(part is None for part in told):
        return [Finding("policy_number", Severity.REJECT, POLICY_INCOMPLETE)]
    try:
        checked_policy(_policy(found), today=today)
    except Invalid as refusal:
        return [Finding(refusal.field or "policy_number", Severity.REJECT, refusal.message)]
    return []


def beside_of(found: Mapping[str, Any]) -> str | None:
    """Return what a row tells beside its claim as JSON, None where it tells nothing."""
    told = {field: found[field] for field in FIELDS if found.get(field) is not None}
    return json.dumps(told, default=str) if told else None


def keep_beside(unit: Unit, *, creditor_id: UUID, staging: str) -> None:
    """This function will write the reminders and insurances that rows of a running import told of.

    :param staging: the staging table with `claim_id`, `outcome` and `beside`; trusted, never from outside.
    """
    rows = unit.session.connection().execute(
        text(
            f"SELECT DISTINCT ON (s.claim_id, s.beside) s.claim_id, s.beside::jsonb AS told, c.due_on"
            f" FROM {staging} s JOIN claim c ON c.creditor_id = :c AND c.id = s.claim_id"
            " WHERE s.beside IS NOT NULL AND s.outcome <> 'rejected'"
        ),
        {"c": creditor_id},
    )
    found = rows.all()
    record_earlier_steps(
        unit,
        creditor_id=creditor_id,
        steps=[step for row in found for step in _steps(row.claim_id, row.told)],
    )
    _insure(unit, creditor_id, found)


def _steps(claim_id: UUID, told: Mapping[str, Any]) -> Iterable[TakenStep]:
    channel = Channel(told.get("reminder_channel", "email"))
    for field in ("reminder_1_on", "reminder_2_on"):
        if field in told:
            yield TakenStep(
                claim_id=claim_id, kind=EarlierKind.REMINDER, channel=channel, sent_on=_day(told[field])
            )
    if "notice_on" in told:
        yield TakenStep(
            claim_id=claim_id,
            kind=EarlierKind.NOTICE,
            channel=Channel(told.get("reminder_channel", "letter")),
            sent_on=_day(told["notice_on"]),
            notice=NoticeWords(
                days=int(Decimal(told["notice_days"])) if "notice_days" in told else None,
                costs_minor=int(Decimal(told["notice_costs"]) * 100) if "notice_costs" in told else None,
                consequences_stated=told.get("notice_complete") == "yes",
            ),
        )


def _insure(unit: Unit, creditor_id: UUID, found: Iterable[Row[Any]]) -> None:
    covers = []
    for row in found:
        if "policy_number" not in row.told:
            continue
        policy = _policy(row.told)
        covered, indemnity = checked_policy(policy, today=unit.today)
        until = policy.notify_by or notify_by(due=row.due_on, on=unit.today)
        covers.append(
            {
                "claim_id": str(row.claim_id), "insurer": policy.insurer,
                "policy_number": policy.policy_number,
                "covered_bps": covered, "indemnity_bps": indemnity, "notify_by": until.isoformat(),
                "notified_on": policy.notified_on.isoformat() if policy.notified_on else None,
            }
        )  # fmt: skip
    if covers:
        unit.session.connection().execute(
            text(
                "INSERT INTO insurance_cover (creditor_id, id, claim_id, insurer, policy_number, covered_bps,"
                " indemnity_bps, notify_by, notified_on, by, created_at) SELECT DISTINCT ON (v.claim_id) :c,"
                " uuidv7(), v.claim_id, v.insurer, v.policy_number, v.covered_bps, v.indemnity_bps,"
                " v.notify_by, v.notified_on, :by, :now FROM jsonb_to_recordset(CAST(:covers AS jsonb))"
                " AS v(claim_id uuid, insurer text, policy_number text, covered_bps int, indemnity_bps int,"
                "  notify_by date, notified_on date) ORDER BY v.claim_id"
                " ON CONFLICT (creditor_id, claim_id) DO UPDATE SET notified_on = excluded.notified_on"
                " WHERE insurance_cover.notified_on IS NULL"
            ),
            {"c": creditor_id, "by": unit.by, "now": unit.now, "covers": json.dumps(covers)},
        )


def _policy(told: Mapping[str, Any]) -> Policy:
    return Policy(
        insurer=told["insurer"],
        policy_number=told["policy_number"],
        covered_percent=Decimal(str(told["covered_percent"])),
        indemnity_percent=Decimal(str(told.get("indemnity_percent") or 0)),
        notify_by=_day(told.get("notify_by")),
        notified_on=_day(told.get("notified_on")),
    )


def _day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value

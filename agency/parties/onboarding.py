"""Taking a creditor in: what it signs and what the agency makes sure of before its first claim is worked."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from agency.kernel.audit import record
from agency.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from agency.kernel.unit import Unit
from agency.parties.models import OnboardingTask
from agency.rules.onboarding import TaskKind, task_of, wanted_tasks

NOTE_MAX: Final = 1000


class NotReady(Conflict):
    """A new creditor's first claims wait for what it signs or what the agency makes sure of."""


class NeedsAnother(Forbidden):
    """Whoever registered a creditor does not make sure of it as well."""


def open_tasks(unit: Unit, *, creditor_id: UUID, country: str) -> None:
    """This function will lay down what is wanted of a creditor that comes in today."""
    for task in wanted_tasks(country=country, on=unit.today):
        unit.session.add(
            OnboardingTask(creditor_id=creditor_id, kind=task.kind, opened_by=unit.by, created_at=unit.now)
        )
    unit.session.flush()


def tasks_of(unit: Unit, *, creditor_id: UUID) -> Sequence[OnboardingTask]:
    """This function will return a creditor's tasks in the order in which they are done; none where it came in
    before tasks were kept."""
    found = unit.session.exec(
        select(OnboardingTask)
        .where(col(OnboardingTask.creditor_id) == creditor_id)
        .execution_options(populate_existing=True)
    ).all()
    order = list(TaskKind)
    return sorted(found, key=lambda task: order.index(task.kind))


def is_ready(unit: Unit, *, creditor_id: UUID) -> bool:
    """This function will tell whether nothing is open any more before a creditor's claims are worked."""
    is_open = select(OnboardingTask.id).where(
        col(OnboardingTask.creditor_id) == creditor_id, col(OnboardingTask.done_at).is_(None)
    )
    return unit.session.exec(is_open.limit(1)).first() is None


def refuse_unready(unit: Unit, *, creditor_id: UUID) -> None:
    """This function will refuse to take claims to work on while something is still open.

    :raises NotReady: see the exception.
    """
    if not is_ready(unit, creditor_id=creditor_id):
        raise NotReady("before your first claim is collected you sign the agreement and we look who you are")


def sign(
    unit: Unit, *, creditor_id: UUID, kind: TaskKind, sha256: str, text_version: str, address: str | None
) -> None:
    """This function will note that a creditor signed what a task asks for.

    :param sha256: of the document as it was shown and is kept.
    :param address: the network address that it came from.
    :raises NotFound: nothing of this kind is asked of the creditor.
    :raises Forbidden: it is the agency's to do.
    :raises Conflict: it was signed before.
    """
    task = _open_task(unit, creditor_id, kind, by="creditor")
    task.sha256, task.text_version, task.address = sha256, text_version, address
    _done(unit, task, facts={"sha256": sha256, "text_version": text_version})


def make_sure(unit: Unit, *, creditor_id: UUID, kind: TaskKind, note: str) -> None:
    """This function will note how the agency made sure of something: what was looked at, and where.

    :raises NotFound: nothing of this kind is open for the creditor.
    :raises Forbidden: it is the creditor's to do.
    :raises NeedsAnother: the same person registered the creditor.
    :raises Invalid: there is no note, or it is too long.
    :raises Conflict: it was done before.
    """
    words = note.strip()
    if not 10 <= len(words) <= NOTE_MAX:
        raise Invalid("say what you looked at, and where", field="note")
    task = _open_task(unit, creditor_id, kind, by="agency")
    if task.opened_by == unit.by:
        raise NeedsAnother("another person than who registered this creditor makes sure of it")
    task.note = words
    _done(unit, task, facts={})


def _open_task(unit: Unit, creditor_id: UUID, kind: TaskKind, *, by: str) -> OnboardingTask:
    if task_of(kind).done_by != by:
        raise Forbidden("this is not yours to do")
    task = unit.session.exec(
        select(OnboardingTask)
        .where(col(OnboardingTask.creditor_id) == creditor_id, col(OnboardingTask.kind) == kind)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if task is not None and task.done_at is None:
        return task
    # A creditor may change open tasks alone, so of one that it did before its lock finds nothing.
    if any(one.kind == kind for one in tasks_of(unit, creditor_id=creditor_id)):
        raise Conflict("this was done before")
    raise NotFound("nothing of this kind is asked of this creditor")


def _done(unit: Unit, task: OnboardingTask, *, facts: dict[str, str]) -> None:
    task.done_at, task.done_by = unit.now, unit.by
    unit.session.add(task)
    unit.session.flush()
    record(
        unit,
        action=f"onboarding.{task.kind.value}",
        subject=f"creditor:{task.creditor_id}",
        creditor_id=task.creditor_id,
        facts=facts,
    )

"""What administrators read of a treatment path: its names, its steps, what is wrong and what differs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from agency.money import Money
from agency.rules.path_changes import Difference
from agency.rules.path_checks import Finding
from agency.rules.treatment_path import PathStep
from portal.shared.brand_words import TONES
from portal.shared.i18n import N_, format_day, format_money, gettext, inside, ngettext
from portal.shared.refusal_words import reasons
from portal.shared.words import CHANNELS, DEBTOR_KINDS, step_words

LAWS = {"nl": N_("Dutch law"), "be": N_("Belgian law"), "de": N_("German law"), "uk": N_("English law")}
SIGNATURES = {
    "either": N_("in either name"),
    "creditor": N_("in the creditor's name"),
    "agency": N_("in the agency's name"),
}
PACES = {
    "speed": N_("fast"),
    "relation": N_("gentle"),
    "managed": N_("looked after from the first reminder"),
    "managed-second": N_("looked after from the second reminder"),
    "managed-notice": N_("looked after from the formal notice"),
}
PHASES = {
    "pre_due": N_("Before the due date"),
    "reminder": N_("Reminders"),
    "amicable": N_("Amicable collection"),
    "pre_legal": N_("Before the court"),
    "legal": N_("Court"),
}
PHASE_TONES = {
    "pre_due": "calm", "reminder": "info", "amicable": "special", "pre_legal": "warning", "legal": "bad",
}  # fmt: skip
ANCHORS = {
    "due_date": N_("the due date"),
    "previous_sent": N_("the step before was sent"),
    "previous_delivered": N_("the step before was proved delivered"),
    "promise_date": N_("the day of a broken promise"),
    "notice_ended": N_("the end of the notice's term"),
}
ENDS = {
    "": N_("nothing is asked"),
    "person": N_("a person decides what follows"),
    "legal": N_("a person decides whether it goes to court"),
    "close": N_("a person decides whether it is closed"),
}
TEMPLATES = {
    "reminder_1": N_("First reminder"),
    "reminder_2": N_("Second reminder"),
    "notice_nl_consumer": N_("Fourteen-day letter (Netherlands)"),
    "notice_be_consumer": N_("First reminder under Book XIX (Belgium)"),
    "notice_business": N_("Notice of default to a business"),
    "final_notice": N_("Final notice"),
    "call": N_("Telephone call"),
    "visit": N_("Visit"),
}
FIELDS = {
    "phase": N_("Part of the path"),
    "anchor": N_("Counts from"),
    "days": N_("Days"),
    "proof_days": N_("Days that proof is waited for"),
    "hour": N_("From"),
    "channels": N_("Sent by"),
    "template": N_("Text"),
    "optional": N_("Left out when the debtor cannot be reached that way"),
    "is_notice": N_("Is the notice that the law wants"),
    "above_minor": N_("Only above"),
    "to_debtors": N_("Only to"),
    "reachable_by": N_("Only when reachable by"),
    "debtors": N_("Debtors"),
    "end": N_("At the end"),
    "after_days": N_("Days after the last step"),
    "tone": N_("Tone"),
    "copies": N_("Copies of the open invoices go along"),
    "best": N_("The best way is chosen for each debtor"),
    "valid_from": N_("Counts from"),
}
REASONS = {
    "no_steps": N_("The path has no steps."),
    "same_key": N_("Another step has the same name."),
    "no_channel": N_("Choose how this step is sent."),
    "unknown_anchor": N_("Choose what the days count from."),
    "past_day": N_("Only a step before the due date counts backwards."),
    "unknown_hour": N_("Give an hour between 0 and 23."),
    "first_not_from_due_date": N_("The first step counts from the due date."),
    "no_notice_before": N_("It waits for the term of a notice, but no notice comes before it."),
    "no_debtors": N_("Choose at least one kind of debtor."),
    "no_end": N_("Dead end: after the last step nobody is asked what follows."),
    "waits_too_long": N_("Dead end: it waits longer than %(days)s days."),
    "no_proof_of_delivery": N_("Dead end: the step before is spoken, so its delivery is never proved."),
    "never_for_these_debtors": N_("Never reached: the path is not for these debtors."),
    "never_reachable": N_("Never reached: whoever is reachable that way has none of its channels."),
    "phase_goes_back": N_("It stands in an earlier part of the path than the step before it."),
    "never_before_due": N_("Never reached: a step after the due date comes before it."),
    "day_has_passed": N_("Its day has passed when its turn comes: an earlier step waits until day %(days)s."),
    "template_not_published": N_("No published text by %(where)s."),
    "spoken_and_written": N_("A call or a visit cannot stand in for a written message; make two steps."),
    "spoken_must_be_optional": N_(
        "A call or a visit must be left out when the debtor cannot be reached that way."
    ),
    "wrong_notice": N_("Against the law: this text is not the notice for these debtors."),
    "notice_without_its_text": N_("Against the law: the notice needs the text that the law prescribes."),
    "notice_may_be_passed_over": N_("Against the law: the notice must go to everybody, without conditions."),
    "notice_text_before_notice": N_("A text that announces costs comes before the notice."),
    "costs_before_notice": N_("Against the law: a consumer pays no costs before the notice was sent."),
    "pressure_before_notice": N_("This step presses before a notice was sent."),
    "costs_within_the_term": N_(
        "Against the law: a consumer pays no costs before the notice's term has ended. Count a step from it."
    ),
    "pressure_within_the_term": N_("It comes before the notice's term has ended. Count a step from it."),
    "notice_first": N_(
        "Against the law: towards consumers in Belgium an agency begins with the formal notice (%(article)s)."
        " Put the notice before this step, or let the creditor send its reminders in its own name."
    ),
    "reminder_is_the_creditors": N_(
        "Mind: towards consumers in Belgium an agency begins with the formal notice (%(article)s)."
        " Before it only the creditor's own reminders pass, in its name, by e-mail or letter."
    ),
    "notice_term_running": N_(
        "Against the law: while the term of the formal notice runs, a consumer in Belgium is asked for"
        " payment in no other way (%(article)s). Count this step from the end of the term."
    ),
    "third_party": N_("Against the law: only the debtor may be contacted."),
    "channel_not_in_phase": N_("This way of contact is not open in this part of the path."),
    "with_bailiff": N_("From here on the bailiff acts."),
    "visit_not_announced": N_("Against the law: a visit is announced in writing first."),
    "visitor_not_identified": N_("The visitor has to identify himself."),
    "outside_hours": N_("Outside the hours of contact: %(hour)s."),
    "first_reminder_day": N_("Advice: the first reminder goes out %(days)s day after the due date."),
    "first_reminder_tone": N_("Advice: the first reminder is friendly."),
    "nothing_to_choose": N_("Advice: there is nothing to choose from; name another way."),
    "two_on_one_day": N_("Too many contacts: on the same day as another step."),
    "too_many_in_a_week": N_("Too many contacts: more than %(maximum)s in seven days."),
    "threatens_too_early": N_("Against the law: a threat of court among the reminders."),
    "threatens_time_barred": N_("Against the law: a threat of court after the shortest term, %(days)s days."),
}


def path_name(key: str, law: str, debtors: Any, signature: str, name: str = "") -> str:
    """This function will name a path by its own name, or by its law, debtors, signature and pace."""
    if name:
        return f"{name} ({gettext(LAWS.get(law, law))})"
    kinds = ", ".join(inside(DEBTOR_KINDS[debtor]) for debtor in debtors)
    parts = [gettext(LAWS.get(law, law)), kinds, gettext(SIGNATURES.get(signature, signature))]
    parts += [gettext(words) for pace, words in PACES.items() if key.endswith(f"-{pace}")]
    return ", ".join(parts)


def step_name(step: PathStep) -> str:
    """This function will name a step: as everybody reads it, else by its text."""
    known = step_words(step.key)
    return gettext(TEMPLATES.get(step.template, step.template)) if known == step.key else known


def when(step: PathStep) -> str:
    """This function will say when a step is due."""
    if step.days < 0:
        return gettext("%(days)s before the due date") % {"days": _days(-step.days)}
    after = {
        "due_date": N_("%(days)s after the due date"),
        "previous_sent": N_("%(days)s after the step before"),
        "previous_delivered": N_("%(days)s after the step before was delivered"),
        "promise_date": N_("%(days)s after a broken promise"),
        "notice_ended": N_("%(days)s after the term of the notice"),
    }[step.anchor]
    return gettext(after) % {"days": _days(step.days)}


def _days(days: int) -> str:
    return ngettext("%(num)s day", "%(num)s days", days) % {"num": days}


def conditions(step: PathStep, currency: str) -> list[str]:
    """This function will say for whom a step is and when it is left out."""
    said = []
    if step.tone:
        said.append(gettext("tone: %(tone)s") % {"tone": gettext(TONES[step.tone])})
    if step.copies:
        said.append(gettext("with copies of the open invoices"))
    if step.above_minor is not None:
        amount = format_money(Money(step.above_minor, currency))
        said.append(gettext("above %(amount)s") % {"amount": amount})
    if step.to_debtors:
        said.append(", ".join(inside(DEBTOR_KINDS[kind]) for kind in step.to_debtors))
    if step.reachable_by:
        channel = inside(CHANNELS[step.reachable_by])
        said.append(gettext("reachable by: %(channel)s") % {"channel": channel})
    if step.hour is not None:
        said.append(gettext("from %(hour)s:00") % {"hour": step.hour})
    if step.anchor == "previous_delivered":
        said.append(gettext("waits at most %(days)s for proof") % {"days": _days(step.proof_days)})
    if step.optional:
        said.append(gettext("only when reachable"))
    return said


def finding_words(finding: Finding, names: Mapping[str, str]) -> dict[str, str]:
    """This function will say what is wrong with which step."""
    return {
        "step": finding.step,
        "where": names.get(finding.step, "") or gettext("The path"),
        "rule": gettext(REASONS.get(finding.reason, finding.reason)) % dict(finding.facts),
        "tone": "bad" if finding.weight == "forbidden" else "warning",
    }


def difference_words(one: Difference, names: Mapping[str, str], currency: str) -> dict[str, str]:
    """This function will say what differs between two versions."""
    where = names.get(one.step, one.step) or gettext("The path")
    if one.kind == "added":
        return {"where": where, "before": "–", "after": gettext("new, place %(n)s") % {"n": one.after}}
    if one.kind == "removed":
        return {
            "where": where,
            "before": gettext("place %(n)s") % {"n": one.before},
            "after": gettext("removed"),
        }
    if one.kind == "moved":
        places = [gettext("place %(n)s") % {"n": place} for place in (one.before, one.after)]
        return {"where": where, "before": places[0], "after": places[1]}
    return {
        "where": f"{where}: {gettext(FIELDS.get(one.field, one.field))}",
        "before": _value(one.field, one.before, currency),
        "after": _value(one.field, one.after, currency),
    }


def typed_words(fields: Mapping[str, Any], unread: Mapping[str, str], currency: str) -> list[tuple[str, str]]:
    """This function will say what stood in the form of a step: what could be read, and the rest as typed."""
    said = [
        (gettext(words), _value(name, fields[name], currency))
        for name, words in FIELDS.items()
        if fields.get(name) not in (None, "", [], False) and not isinstance(fields.get(name), dict)
    ]
    if last := fields.get("end"):
        ends, days = FIELDS["end"], FIELDS["after_days"]
        said.append((gettext(ends), _value("end", last["to"], currency)))
        said.append((gettext(days), str(last["after_days"])))
    labels = FIELDS | {"above": FIELDS["above_minor"], "to": FIELDS["end"]}
    return [*said, *((gettext(labels[name]), typed) for name, typed in unread.items())]


_VOCABULARIES: Mapping[str, Mapping[str, str]] = {
    "phase": PHASES, "anchor": ANCHORS, "template": TEMPLATES, "end": ENDS, "channels": CHANNELS,
    "to_debtors": DEBTOR_KINDS, "debtors": DEBTOR_KINDS, "reachable_by": CHANNELS, "tone": TONES,
}  # fmt: skip


def _value(field: str, value: Any, currency: str) -> str:
    if value is None or value in ("", ()):
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field == "above_minor":
        return format_money(Money(value, currency))
    if field == "hour":
        return f"{value}:00"
    if isinstance(value, date):
        return format_day(value)
    words = _VOCABULARIES.get(field, {})
    several = value if isinstance(value, (tuple, list)) else (value,)
    return ", ".join(gettext(words.get(str(one), str(one))) for one in several)


STAYS = {
    "step_under_way": N_("a step is on its way; try again when it has left"),
    "goes_back": N_("it would go back to an earlier part of the path"),
    "repeats": N_("it would get a text again that it had"),
    "skips": N_("it would skip a step that it has not had"),
    "not_on_this_path": N_("no such claim is on another version of this path"),
}


def stays_words(reason: str) -> str:
    """This function will say why a claim stays on the version it has."""
    return gettext(STAYS.get(reason, reason))


def refusal_words(reason: str) -> str:
    """This function will say why the gate would refuse a message."""
    if reason == "no_lawful_moment":
        return gettext("No lawful moment within the days ahead")
    return reasons([reason])[0]


def still_words(reason: str) -> str:
    """This function will say why nothing is planned for a claim."""
    known = {
        "disputed": N_("Everything that is open is disputed"),
        "screening": N_("The registers have not answered yet"),
    }
    return gettext(known[reason]) if reason in known else reasons([reason])[0]

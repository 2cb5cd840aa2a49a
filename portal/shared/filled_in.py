"""Sentences that come with their values filled in, told in the reader's language.

Use cases and readers of files refuse with one English sentence, values included, and it may be stored long
before somebody reads it. Each such sentence stands here with places for its values, so that it is recognised
and told anew. `tests/portal/test_translations.py` looks for sentences that are missing.
"""

import re
from datetime import date
from functools import cache, lru_cache
from typing import Final

from portal.shared.claim_fields import FIELDS
from portal.shared.i18n import N_, format_day, gettext, inside
from portal.shared.words import step_words

# Places whose value is one or more words of ours: a field of a claim, or one of these.
_WORDS_OF_OURS: Final = ("what", "then")
WORDS: Final = (
    N_("number"), N_("issue date"), N_("due date"), N_("payable"), N_("buyer name"), N_("buyer"),
    N_("seller"), N_("name of the buyer"), N_("name of the seller"), N_("registered name of the buyer"),
    N_("registered name of the seller"), N_("total including VAT"),
    N_("lines less allowances plus charges"), N_("total without VAT plus VAT"),
    N_("total with VAT less prepaid plus rounding"), N_("debit"), N_("credit"),
    N_("new"), N_("quoted"), N_("active"), N_("withdrawn"), N_("closed"), N_("open"), N_("accepted"),
    N_("declined"), N_("replaced"), N_("draft"), N_("approved"), N_("exported"),
    N_("paid"), N_("returned"), N_("cancelled"),
)  # fmt: skip
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
# The place whose value is a sentence of this kind itself.
_WHY: Final = "why"

SENTENCES: Final = (
    # what people fill in
    N_("choose a day within %(days)s days"),
    N_("give at most %(count)s decimals"),
    N_("choose a moment within %(days)s days"),
    N_("choose at most %(count)s cases at once"),
    N_("announce a visit at least %(days)s days before it"),
    N_("announce a visit at most %(days)s days before it"),
    N_("nobody waits at home longer than %(hours)s hours"),
    N_("a visit is not allowed: %(reasons)s"),
    N_("an answer has at most %(count)s characters"),
    N_("a note has at most %(count)s characters"),
    N_("write at most %(count)s characters"),
    N_("write at most %(points)s points, in %(count)s characters"),
    N_("a password has at least %(count)s characters"),
    N_("the disputed part must lie within invoice %(number)s"),
    N_("no claim has the number %(number)s"),
    N_("an export holds at most %(count)s claims"),
    N_("no creditor with reference %(reference)s"),
    N_("more than %(count)s files at once"),
    N_("a claim that is %(what)s cannot become %(then)s"),
    N_("%(count)s of the claims cannot become %(then)s"),
    N_("this quote was %(what)s before"),
    N_("at most %(count)s claims can be asked about at once"),
    N_("at most %(count)s offers stand side by side"),
    # money
    N_("the claim takes no payment: %(why)s"),
    N_("nothing may be paid out: %(why)s"),
    N_("the proof is red: %(checks)s"),
    N_("this run is %(what)s"),
    N_("%(amount)s is not an amount that was paid"),
    N_("no account %(account)s in the chart"),
    N_("%(source)s %(key)s does not balance"),
    N_("%(source)s %(key)s was posted before with other content"),
    N_("the day %(day)s cannot be that of a bank's movement"),
    N_("%(account)s does not stand in the %(book)s book"),
    N_("%(account)s takes no amount of %(amount)s"),
    N_("%(amount)s is not an amount that passes through"),
    N_("%(key)s was booked before with another claim or amount"),
    N_("%(job)s is already running"),
    N_("the period ends on %(last)s, before it begins on %(first)s"),
    # names on the internet
    N_("found %(hosts)s"),
    # files of any kind
    N_("larger than the %(size)s MB that is read"),
    N_("the file is larger than %(size)s MB"),
    N_("the archive is damaged: %(error)s"),
    N_("the file has no part %(name)s"),
    N_("not well-formed XML: %(error)s"),
    N_("not well-formed XML: line %(line)s, position %(at)s"),
    N_("unknown currency: %(code)s"),
    N_("an amount is not a decimal number: %(given)s"),
    N_("an amount has more decimals than %(currency)s has: %(given)s"),
    N_("an amount is too large to be real: %(given)s"),
    # tables of claims
    N_("line %(line)s contains a NUL character; this is not a text file"),
    N_("line %(line)s is not in UTF-8, as the text is elsewhere"),
    N_("line %(line)s cannot be read: %(error)s"),
    N_("line %(line)s has a quotation mark that is not closed; noticed at line %(reached)s"),
    N_("line %(line)s has a cell of more than %(count)s characters"),
    N_("line %(line)s has a quotation mark within a cell; write it twice, or leave it out"),
    N_("row %(row)s has more than %(count)s columns"),
    N_("the file has more than %(count)s rows"),
    N_("has more than %(count)s rows; hand it over by itself"),
    N_("%(why)s; hand this file over by itself"),
    N_("no column was recognised for: %(what)s"),
    N_("several columns could be %(what)s: %(columns)s"),
    N_("the column %(column)s is not in the file"),
    N_("the column %(column)s stands in the file more than once"),
    N_("amounts such as %(amount)s could be thousands or decimals"),
    N_("dates such as %(day)s could have the day or the month first"),
    N_("amounts such as %(amount)s are written otherwise than the profile says"),
    N_("dates such as %(day)s are written otherwise than the profile says"),
    N_("several sheets could hold the claims: %(sheets)s"),
    N_("the sheet %(sheet)s is arranged otherwise further down"),
    N_("the sheet %(sheet)s has other columns than the profile knows"),
    N_("the sheet %(sheet)s is arranged otherwise than %(other)s; choose one"),
    N_("the sheet is larger than %(columns)s columns by %(rows)s rows"),
    N_("the workbook has no filled sheet %(sheet)s"),
    N_("the workbook cannot be read: %(error)s"),
    N_(
        "row %(row)s of the sheet is hidden, by a filter perhaps; show all rows, or copy those that are meant"
        " to a new sheet"
    ),
    # e-invoices
    N_("neither XML nor PDF: %(name)s"),
    N_("not a UBL or CII invoice: the document is a %(name)s"),
    N_("the PDF invoice leaves doubt about: %(what)s"),
    N_("an amount of the PDF is no amount of %(currency)s: %(given)s"),
    N_("the document states no payable amount in %(currency)s"),
    N_("the document states no %(what)s"),
    N_("the document states more than one %(what)s: %(values)s"),
    N_("the amount to pay is in %(other)s, the document in %(currency)s"),
    N_("the %(what)s is not a date: %(given)s"),
    N_("the %(what)s has no name"),
    N_("several due dates: %(days)s"),
    N_("the amount is to be paid to %(payee)s, not to the seller"),
    N_("the invoice is addressed to %(invoicee)s, not to the buyer"),
    N_("an invoice of another standard than UBL: its namespace is %(namespace)s"),
    N_("it corrects invoice %(number)s: only one of the two may be collected"),
    N_("it is a factored invoice: the claim was assigned to a third party"),
    N_("the embedded document %(name)s is damaged and left out"),
    N_("%(what)s is %(computed)s, the document says %(stated)s"),
    N_("the payable amount is negative: %(amount)s"),
    # bank files
    N_(
        "not a bank file that can be read: neither camt.052/053/054, MT940, CODA nor a CSV export with the"
        " header row of a known bank (%(banks)s); it begins with %(begin)s"
    ),
    N_("a report of %(name)s, which is no bank file: what it paid out is on the bank's statement"),
    N_(
        "an export of %(name)s, which does not say of which account it is: ask that bank for a camt.053,"
        " MT940 or CODA file"
    ),
    N_("not a known bank file: its namespace is %(namespace)s"),
    N_("neither e-invoice nor bank statement: the document is a %(name)s"),
    N_("the %(name)s holds no statement, report or notification"),
    N_("%(count)s entries are not booked and are left out"),
    N_("%(count)s rows are not booked and are left out"),
    N_("balance %(code)s has no amount or no currency"),
    N_("balance %(code)s is marked %(other)s, the account is in %(currency)s"),
    N_("balance %(code)s says neither credit nor debit; read as it stands"),
    N_("the summary counts %(stated)s entries, the file holds %(count)s"),
    N_("the details of entry %(entry)s do not add up to its %(amount)s; it is kept whole"),
    N_("the details of movement %(entry)s do not add up to its %(amount)s; it is kept whole"),
    N_("entry %(entry)s has no amount or no currency"),
    N_("entry %(entry)s says neither credit nor debit"),
    N_("entry %(entry)s: %(why)s"),
    N_("entry %(entry)s: %(given)s is not a date"),
    N_("entry %(entry)s has no date, and neither has its statement"),
    N_("balance %(code)s: %(why)s"),
    N_("record %(record)s: %(why)s"),
    N_("line %(line)s: %(why)s"),
    N_("row %(row)s, %(column)s: %(why)s"),
    N_("entry %(entry)s has a negative amount and a direction besides"),
    N_("%(count)s entries name another currency than %(currency)s"),
    N_("opening %(opening)s and entries %(entries)s make %(made)s, closing says %(closing)s"),
    N_("record %(record)s: stands outside a statement"),
    N_("record %(record)s: no old balance after this header"),
    N_("record %(record)s: goes on with a movement that is not there"),
    N_("record %(record)s: the trailer counts %(stated)s records, the statement holds %(count)s"),
    N_("record %(record)s: the trailer says %(stated)s %(what)s, the movements make %(made)s"),
    N_("record %(record)s: the statement has movements and no new balance"),
    N_("record %(record)s: neither credit nor debit"),
    N_("record %(record)s: the amount %(given)s cannot be read"),
    N_("record %(record)s: the account has no currency"),
    N_("record %(record)s: %(given)s is not a date"),
    N_("record %(record)s: longer than %(count)s characters"),
    N_("record %(record)s: a statement begins before the one before it ends"),
    N_("record %(record)s: unknown record type %(kind)s"),
    N_("record %(record)s: a detail without the movement it is part of"),
    N_("row %(row)s, %(column)s: %(given)s is neither in nor out"),
    N_("row %(row)s, %(column)s: %(given)s is not a date"),
    N_("row %(row)s, %(column)s: %(given)s does not say whether it is booked"),
    N_("row %(row)s, %(column)s: the amount %(given)s cannot be read"),
    N_("row %(row)s: no account in it"),
    N_("row %(row)s: a negative amount and a direction besides"),
    N_("row %(row)s: %(count)s columns where there are %(width)s; the file is cut off or damaged"),
    N_("the file is cut off or damaged: %(error)s"),
    N_("line %(line)s: the balance %(tag)s cannot be read"),
    N_("line %(line)s: a balance in %(other)s on a statement in %(currency)s"),
    N_("line %(line)s: the transaction :61: cannot be read"),
    N_("line %(line)s: this statement is cut off: it has no closing balance"),
    N_(
        "line %(line)s: the file ends within its closing balance, or with one that is not true:"
        " %(computed)s follows from the entries, %(stated)s is stated"
    ),
    N_("line %(line)s: the amount %(given)s cannot be read"),
    N_("line %(line)s: %(given)s is not a date"),
    N_("line %(line)s: %(given)s is not a day of the year"),
    N_("the payment %(payment)s has no status"),
    N_("a notification: it books nothing, the day's statement does"),
    N_("an intraday report: it books nothing, the day's statement does"),
    N_("it explained %(count)s collective entries that were booked as one sum"),
    N_("the statement before it closed at %(closing)s, this one opens at %(opening)s"),
    # why a step of a path is due
    N_("%(days)s days after the term of %(step)s, sent %(day)s"),
    N_("%(days)s days after the promise for %(day)s"),
    N_("%(days)s days before the due date %(day)s"),
    N_("%(days)s days after the due date %(day)s"),
    N_("%(days)s days after %(step)s, delivered %(day)s"),
    N_("%(days)s days after %(step)s, sent %(day)s"),
    N_("%(days)s days after %(day)s, until when %(step)s was not proved delivered"),
    # texts to debtors
    N_("%(template)s does not say: %(parts)s"),
    N_("%(template)s in %(language)s reads too hard (%(score)s): %(words)s"),
    # reports of providers
    N_("the printer did not take the batch back: %(error)s"),
    N_("the folder of scans cannot be used: %(error)s"),
    N_("not a report of a print batch: %(error)s"),
    N_("not a receipt: %(error)s"),
)
"""With places as `gettext` has them; of two that fit, the one with more words of its own counts."""


def told(text: str) -> str:
    """This function will say a sentence in the ambient language, its values filled in as they came."""
    said = gettext(text)
    if said != text:
        return said
    template, values = _recognised(text)
    return gettext(template) % {place: _value(place, value) for place, value in values} if values else text


def sentence(text: str) -> str:
    """This function will tell a refusal and write it as a sentence: `no such day` as `No such day.`"""
    said = told(text)
    end = "." if said[-1:].isalnum() else ""
    return said[:1].upper() + said[1:] + end


def _value(place: str, value: str) -> str:
    if place == "step":
        return inside(step_words(value))
    if place == "day" and _DAY.fullmatch(value):
        return format_day(date.fromisoformat(value))
    if place in _WORDS_OF_OURS:
        return ", ".join(_word(word) for word in value.split(", "))
    return told(value) if place == _WHY else value


def _word(word: str) -> str:
    return gettext(FIELDS.get(word.replace(" ", "_"), word))


@lru_cache(maxsize=2_000)  # a file can be refused row by row with the same few sentences
def _recognised(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    for pattern, template in _patterns():
        if found := pattern.fullmatch(text):
            return template, tuple(found.groupdict().items())
    return text, ()


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    filled = [each for each in SENTENCES if "%(" in each]
    by_own_words = sorted(filled, key=lambda each: -len(re.sub(r"%\(\w+\)s", "", each)))
    return tuple((_pattern(each), each) for each in by_own_words)


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"%\((\w+)\)s", template)
    places = [f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)]
    return re.compile("".join(places), re.DOTALL)

"""What collection costs agreed in a contract come to: capped for a consumer, binding between businesses."""

from collections.abc import Sequence

from agency.money import Money
from agency.rules.cost_scale import CostScale
from agency.rules.lawful_costs import UnlawfulCosts, addends
from agency.rules.trace import TraceLine


def agreed_lines(
    *, agreed: Money, scale: CostScale, on_scale: Sequence[TraceLine]
) -> tuple[list[TraceLine], Money | None]:
    """Return the lines of agreed costs, and what a court may lower them to.

    A consumer never owes more than the scale (BW 6:96(5); WER art. XIX.4): a higher agreement leaves the
    scale, a lower one binds. Between businesses the agreement stands, but not below the floor of BW 6:96(4);
    when it exceeds the scale a court may lower it to the scale (Rv 242; HR ECLI:NL:HR:2015:1868).

    :param on_scale: the lines of the scale for the same principal.
    :raises UnlawfulCosts: when no rule on agreed costs is kept for this scale, or they are negative or in
        another currency than the scale.
    """
    lawful = addends(on_scale, scale.currency)
    if scale.agreed == "none":
        raise UnlawfulCosts(f"{scale.rule}: no rule on agreed costs is kept; the sum of the law is {lawful}")
    if agreed.currency != scale.currency or agreed.minor < 0:
        raise UnlawfulCosts(f"{scale.rule}: agreed costs of {agreed} are negative or not in {scale.currency}")
    inputs = {"agreed": str(agreed), "lawful": str(lawful)}
    if scale.agreed == "capped":
        if agreed > lawful:
            return [scale.line("agreed_too_high", None, **inputs), *on_scale], None
        return [scale.line("agreed", agreed, **inputs)], None
    lines = [scale.line("agreed", agreed, **inputs)]
    floor = Money(scale.floor, scale.currency)
    if agreed < floor:
        lines.append(scale.line("floor", floor - agreed, floor=str(floor)))
    if agreed <= lawful:
        return lines, None
    return [*lines, scale.line("moderation", None, **inputs)], lawful

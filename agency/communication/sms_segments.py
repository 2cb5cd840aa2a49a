"""How many segments a text message costs (3GPP TS 23.038): counted before it is sent."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
SEGMENTS_MAX = 4


def plain_sms(text: str) -> str:
    """Return a text in which blanks that would force the costly alphabet are ordinary ones."""
    return " ".join(text.replace("\u00a0", " ").replace("’", "'").split())


def segments(text: str) -> int:
    """Return the number of segments: 160 or 153 characters each, 70 or 67 in the costly alphabet."""
    if all(character in _BASIC or character in _EXTENDED for character in text):
        units = sum(2 if character in _EXTENDED else 1 for character in text)
        return 1 if units <= 160 else -(-units // 153)
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= 70 else -(-units // 67)

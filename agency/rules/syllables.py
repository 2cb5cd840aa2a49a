"""How many syllables a written word has, by rules of hand per language: Dutch, French, English and German.

The rules read spelling, not sound. They are right for most words and off by one for some; a mean over a
letter does not feel it.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

# Longest first: a group of letters that is one sound, then every single vowel.
_NL: Final = re.compile(
    "aai|ooi|oei|eeuw|ieuw|eau|eeu|ieu|aa|ee|oo|uu|ie|oe|eu|ui|ij|ei|au|ou|ai|oi|[aeiouáàäéèêëíïóôöúûü]|"
    r"(?<![aeiou])y(?![aeiou])|(?<=[aeiou])y(?![aeiou])"
)
_DE: Final = re.compile("eum|aa|ee|oo|ai|ay|äu|au|ei|ey|eu|ie|[aeiouyäöü]")
_EN: Final = re.compile("[aeiouy]+")
_FR: Final = re.compile(
    "eaux?|oui|ou|œu|eu|oi|oî|ai|aî|ei|au|ui|[éè](?=[aeiouéè])|i[aeéèoê]u?|[aeiouyàâäéèêëîïôöùûüœæ]"
)

_FR_MUTE: Final = re.compile(
    "(?<=[^aeiouyàâäéèêëîïôöùûüœæ])(?:e|es)$|(?<=[aeiouéèû])(?:e|es)$|(?<=[aio]i)ent$"
)
# After two consonants an i before a vowel is a syllable of its own: client, ouvrier, calendrier.
_FR_CLUSTER: Final = re.compile("[bcdfgptv][lr]i(?=[aeéèo])")
_EN_SPLIT: Final = re.compile(
    "ia(?!l$|n$)|io(?!n|us)|(?<=[^ctsxg])ious|eo(?!u|n$)|iu|ua|uou|ier$|iet|eing|ying|creat|ue[ln]"
)
_EN_MUTE: Final = re.compile("(?<![aeiouy])(?:(?<!l)e|(?<=[aeiouy]l)e)$|[^aeioutdy]ed$|[^aeiouyscgzxh]es$")
_EN_MUTE_INSIDE: Final = re.compile("(?:[bcdfgklmnprstvz])e(?:ment|ful|less|ly)(?:s|ness)?$")

_EN_IRREGULAR: Final[Mapping[str, int]] = {
    "people": 2,
    "business": 2,
    "client": 2,
    "clients": 2,
    "science": 2,
}


def syllables(word: str, language: str) -> int:
    """Count the syllables of one word; a word without vowels, a number and a sign are one.

    :param language: nl, fr, en or de.
    :raises KeyError: when the language has no rules here.
    """
    return sum(max(1, _counted(part, language)) for part in re.split(r"[-’']", word.lower()) if part) or 1


@lru_cache(maxsize=65536)
def _counted(part: str, language: str) -> int:
    return _RULES[language](part)


def _dutch(word: str) -> int:
    return len(_NL.findall(word.replace("qu", "kw")))


def _german(word: str) -> int:
    word = word.replace("qu", "kw")
    # "geehrt", "beenden": the prefix ends before the vowel.
    prefix = 1 if re.match("(?:ge|be)e(?!$)", word) else 0
    found = _DE.findall(word[2:] if prefix else word)
    return prefix + len(found) + found.count("eum")


def _english(word: str) -> int:
    if word in _EN_IRREGULAR:
        return _EN_IRREGULAR[word]
    word = word.replace("qu", "kw")
    count = len(_EN.findall(word)) + len(_EN_SPLIT.findall(word))
    if _EN_MUTE.search(word):
        count -= 1
    if _EN_MUTE_INSIDE.search(word):
        count -= 1
    return count


def _french(word: str) -> int:
    word = word.replace("qu", "k")
    word = re.sub("gu(?=[eéèêi])", "g", word)
    # Between vowels a y is a consonant: pa-yer.
    word = re.sub("(?<=[aeou])y(?=[aeéèio])", "j", word)
    # Before "ment" an e after a vowel is mute: paie-ment.
    word = re.sub("(?<=[iué])e(?=ment)", "", word)
    split = len(_FR_CLUSTER.findall(word))
    spoken = _FR_MUTE.sub("", word)
    return len(_FR.findall(spoken or word)) + split


_RULES: Final[Mapping[str, Callable[[str], int]]] = {
    "nl": _dutch,
    "fr": _french,
    "en": _english,
    "de": _german,
}

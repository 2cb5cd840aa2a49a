"""How the name that a bank prints is read: holders, initials, family names, and what is nobody's alone."""

import pytest

from agency.rules.payer_name import compare_names, holders, initials_of, search_words, similarity

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", ()),
        (" J.  Jansen ", ("J. Jansen",)),
        ("J. en P. Jansen", ("J. en P. Jansen", "J. Jansen", "P. Jansen")),
        ("J EN P Jansen", ("J EN P Jansen", "J Jansen", "P Jansen")),
        ("Jo en Piet de Boer", ("Jo en Piet de Boer", "Jo de Boer", "Piet de Boer")),
        ("Jan en Piet de Boer", ("Jan en Piet de Boer", "Jan", "Piet de Boer")),
        ("J.P. e/o A. Bos", ("J.P. e/o A. Bos", "J.P.", "A. Bos")),
        ("Jansen, e/o de Boer,", ("Jansen, e/o de Boer,", "Jansen", "de Boer")),
        ("J. en Jansen", ("J. en Jansen", "J.", "Jansen")),
        ("A en B en C en D en E Bos", ("A en B en C en D en E Bos", "A", "B", "C", "D")),
        ("en Jansen", ("en Jansen",)),
    ],
)
def test_each_holder_of_an_account_is_read(name, expected):
    assert holders(name) == expected


@pytest.mark.parametrize(
    ("payer", "debtor", "sign"),
    [
        # A lone word must be long enough to be one's own.
        ("bakkerij", "bakkerij", "same_name"),
        ("jumbo", "jumbo", "same_name"),
        ("aldi", "aldi", "family_name"),
        ("mevr jansen", "jansen", "same_name"),
        # A household pays for its member; another name with the same surname may be anybody.
        ("erven jan de bakker", "jan bakker", "same_name"),
        ("fam de vries", "piet de vries", "family_name"),
        ("familie jansen en zonen", "jan jansen", "family_name"),
        ("jansen en zonen", "jan jansen", "other_name"),
        ("jan", "jan jansen", "other_name"),
        # Initials are up to three letters, in either place, and never a short surname's.
        ("jpa bakker", "johan peter arie bakker", "initials"),
        ("bakker jpa", "johan peter arie bakker", "initials"),
        ("jpak bakker", "johan peter arie klaas bakker", "other_name"),
        ("johan bakker", "j bakker", "initials"),
        ("j bos", "jan bos", "initials"),
        ("j bo", "jan bo", "other_name"),
        ("jp bakker", "johan bakker", "initials"),
        ("jp bakker", "jan bakker", "similar_name"),
        ("jp bakker", "johan kees bakker", "other_name"),
        ("j bakker", "johan peter bakker", "initials"),
        ("p bakker", "johan peter bakker", "other_name"),
        # More words than the debtor's name has: a branch of it; a part of a lone word says nothing.
        ("bakkerij jansen noord", "bakkerij jansen", "similar_name"),
        ("bos noord west", "bos", "other_name"),
        ("kees smit", "jan jansen", "other_name"),
        ("jansen transport", "jansens transporten", "similar_name"),
    ],
)
def test_a_name_is_the_debtors_or_not(payer, debtor, sign):
    assert compare_names((payer,), debtor) == sign


def test_the_holder_who_fits_best_decides():
    assert compare_names(("kees smit", "jan jansen"), "jan jansen") == "same_name"
    assert compare_names((), "jan jansen") is None
    assert compare_names(("dhr",), "jan jansen") is None
    assert compare_names(("jan jansen",), "mevr") is None


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("", "", 0),
        ("", "abc", 0),
        ("abc", "abc", 1_000),
        ("abc", "xyz", 0),
        ("word", "two words", 364),  # 4 of 11 pieces, as pg_trgm's own manual counts
        ("ab", "abc", 400),  # 2 of 5
        ("a b", "b a", 1_000),
    ],
)
def test_similarity_counts_shared_pieces_of_three_letters(one, other, shared):
    assert similarity(one, other) == shared


def test_debtors_are_looked_up_by_words_that_tell():
    assert search_words(("fam jansen", "e bos")) == ("jansen", "bos")
    assert search_words(("jo van den bo",)) == ()
    assert search_words(("jan mueller and piet",)) == ("jan", "mueller", "piet", "muller")
    assert search_words(("bos",)) == ("bos",)


def test_the_first_letters_are_those_of_names():
    assert initials_of(("dhr jan van der berg", "p berg")) == ("j", "b", "p")
    assert initials_of(("",)) == ()

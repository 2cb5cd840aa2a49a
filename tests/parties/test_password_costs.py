"""What a guess costs somebody who has stolen the table of users."""

import pytest

from agency.parties import users

pytestmark = pytest.mark.pure


def test_a_password_is_hashed_as_owasp_asks():
    # Made when the module was loaded, before the tests chose a cheaper hash for their own people.
    assert users._NOBODY.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

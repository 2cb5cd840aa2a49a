"""Records what one page asks of the database, so that a bare application can ask the same and nothing else."""  # noqa: E501

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event, text
from starlette.testclient import TestClient

from agency.kernel.unit import Door
from agency.parties.models import Audience, Role
from agency.parties.users import create_user
from infra.bench.answering import answer_questions
from portal.main import create_app
from portal.shared.sessions import cookie_name, start_session
from portal.wiring import Wiring, wire

# What the product adds for sign-in and tenancy; the bare application has neither.
_OUR_OWN = ("set_config(", "user_session")


def sign_in(wiring: Wiring, *, audience: Audience, roles: list[Role], creditor_id: Any) -> dict[str, str]:
    """This function will make a user with an open session and return the headers of its requests."""
    with wiring.units.open(Door.STAFF, by="system:bench") as unit:
        user = create_user(
            unit, email=f"{audience}@bench.example", name="Bench Reader", audience=audience, roles=roles,
            password="a password for a bench", creditor_id=creditor_id,
            sealing_secret=wiring.settings.secret.get_secret_value(),
        )  # fmt: skip
    with wiring.units.open(Door.GATE, by="system:bench") as unit:
        session = start_session(unit, user_id=user.user_id, hours=12)
        token = unit.session.connection().execute(
            text("SELECT csrf FROM user_session WHERE user_id = :user"), {"user": user.user_id}
        )
        csrf: str = token.scalar_one()
    return {"cookie": f"{cookie_name(wiring.settings)}={session}", "x-csrf-token": csrf}


def claim_ids(wiring: Wiring, *, creditor_id: Any, count: int) -> list[Any]:
    """This function will return claims spread evenly over those of a creditor."""
    with wiring.units.open(Door.STAFF, by="system:bench") as unit:
        found = unit.session.connection().execute(
            text(
                "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY number) AS nth, count(*) OVER () AS whole"  # noqa: E501
                " FROM claim WHERE creditor_id = :c AND state = 'active') n WHERE nth % (whole / :count) = 0"
                " ORDER BY nth LIMIT :count"
            ),
            {"c": creditor_id, "count": count},
        )
        return list(found.scalars())


@contextmanager
def _statements(wiring: Wiring) -> Iterator[list[str]]:
    """The statements of the block, with their values written in."""
    heard: list[str] = []

    def hear(_conn: Any, cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if not any(sign in statement for sign in _OUR_OWN):
            heard.append(psycopg.ClientCursor(cursor.connection).mogrify(statement, parameters))

    event.listen(wiring.units.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(wiring.units.engine, "before_cursor_execute", hear)


def record(wiring: Wiring, *, client: TestClient, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """This function will ask for a page and return its statements and the size of its HTML in bytes."""
    with _statements(wiring) as heard:
        answer = client.get(path, headers=headers)
    answer.raise_for_status()
    return {"statements": heard, "bytes": len(answer.content)}


if __name__ == "__main__":
    WIRING = wire()
    CLIENT = TestClient(create_app(WIRING))

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        """Sign somebody in, choose claims, or record a page."""
        if "audience" in question:
            roles = [Role(role) for role in question["roles"]]
            audience = Audience(question["audience"])
            return sign_in(WIRING, audience=audience, roles=roles, creditor_id=question["creditor"])
        if "count" in question:
            return {"ids": claim_ids(WIRING, creditor_id=question["creditor"], count=question["count"])}
        return record(WIRING, client=CLIENT, path=question["path"], headers=question["headers"])

    answer_questions(answer)

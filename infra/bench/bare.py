"""What the product's pages are held against: FastAPI, psycopg and Jinja2 with the same SQL and as much HTML,
and nothing of what makes it a product: no sign-in, no tenancy, no languages.

`BENCH_PAGES` names a file: {name: {"statements": [...], "bytes": size of the product's page}}.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment
from psycopg_pool import AsyncConnectionPool
from starlette.responses import HTMLResponse

POOL = 20
PAGE = Environment(autoescape=True).from_string(
    "<!doctype html><html lang=en><head><title>{{ name }}</title></head><body>"
    "{% for rows in tables %}<table class='table'>{% for row in rows %}<tr>"
    "{% for value in row %}<td class='cell'>{{ value }}</td>{% endfor %}</tr>"
    "{% endfor %}</table>{% endfor %}{{ shell|safe }}</body></html>"
)
_FILLER = "<div class='shell'>a piece of page that is the same for everybody</div>"

pages: dict[str, dict[str, Any]] = json.loads(Path(os.environ["BENCH_PAGES"]).read_text())
pool = AsyncConnectionPool(
    os.environ["BENCH_DATABASE"], min_size=POOL, max_size=POOL, open=False, kwargs={"autocommit": True}
)
shells: dict[str, str] = {}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the pool, and make every page as large as the product's."""
    await pool.open(wait=True)
    for name, page in pages.items():
        plain = PAGE.render(name=name, tables=await _read(page["statements"]), shell="")
        missing = max(0, page["bytes"] - len(plain.encode()))
        shells[name] = (_FILLER * (missing // len(_FILLER) + 1))[:missing]
    yield
    await pool.close()


app = FastAPI(lifespan=lifespan)


async def _read(statements: list[str]) -> list[list[tuple[Any, ...]]]:
    async with pool.connection() as connection:
        tables = []
        for statement in statements:
            found = await connection.execute(statement.encode())
            tables.append(await found.fetchall())
        return tables


@app.get("/ready")
async def ready() -> dict[str, str]:
    """The pool is open and every page has its size."""
    return {"status": "ready"}


@app.get("/page/{name}", response_class=HTMLResponse)
async def page(name: str) -> HTMLResponse:
    """The statements of a page, as tables."""
    tables = await _read(pages[name]["statements"])
    return HTMLResponse(PAGE.render(name=name, tables=tables, shell=shells[name]))


@app.post("/quote")
async def quote(asked: dict[str, Any]) -> dict[str, Any]:
    """The one query of a quote: the rate card in force."""
    async with pool.connection() as connection:
        found = await connection.execute(
            "SELECT id, version, sha256, card FROM rate_card WHERE valid_from <= now()::date"
            " ORDER BY valid_from DESC, version DESC LIMIT 1"
        )
        row = await found.fetchone()
        assert row is not None
        return {"asked": asked, "version": row[1], "sha256": row[2], "bytes": len(row[3])}

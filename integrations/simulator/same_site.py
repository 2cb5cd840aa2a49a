"""Keeps other web pages in the same browser from pressing the simulator's buttons."""

from fastapi import HTTPException, Request


async def same_site(request: Request) -> None:
    """This function will refuse a change that a page of another site asks for; programs are welcome."""
    if request.method != "GET" and request.headers.get("sec-fetch-site") == "cross-site":
        raise HTTPException(403, "asked for by another site")

"""Letters through a print shop: our own small HTTP shape, which a shop's API is fitted to.

No Dutch or Belgian print shop has a maintained Python client, so the shape is ours:
`POST /v1/letters` (multipart: reference, country, address, pdf), `GET /v1/letters?reference=`, and
signed reports of what became of a letter.
"""

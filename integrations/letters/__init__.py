"""Letters through a print shop: our own small HTTP shape, which a shop's API is fitted to.

No Dutch or Belgian print shop has a maintained Python client, so the shape is ours. A batch is handed over
(`POST /v1/batches`, multipart: a manifest with control totals, and one PDF per letter), answered with the
shop's own count, and printed only after `POST /v1/batches/{id}/release`; `/cancel` takes it back, `GET` finds
it by our id. Signed reports tell what became of a letter, and how many of a batch were printed and posted.
"""

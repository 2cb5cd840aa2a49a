"""Local: what a developer's machine needs beside the product itself.

Owns the set-up of front-end packages, the embedded PostgreSQL and Valkey, and the supervisor of
`dev up`. Promises that nothing outside the project and its data folder is touched. Production
starts the same processes from `infra/` and never imports this room.
"""

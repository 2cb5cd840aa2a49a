"""Keeps files by their content: in a local folder, or in S3 by setting."""

from integrations.storage.content_store import ContentStore, open_file_store

__all__ = ["ContentStore", "open_file_store"]

"""The file store: by content, written once, checked when read; S3 over real HTTP."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agency.ports.providers import FileNotStored, ProviderRefused, ProviderTransient
from integrations.egress import EgressRefused
from integrations.storage import open_file_store


class _Shelf(BaseHTTPRequestHandler):
    """The three calls of S3 that the store makes, with S3's answers."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        objects, broken = self.server.objects, self.server.broken
        if broken:
            return self._answer(broken)
        if self.headers.get("If-None-Match") == "*" and self.path in objects:
            return self._answer(412)
        self.server.puts += 1
        objects[self.path] = content
        return self._answer(200)

    def do_GET(self):
        if self.server.broken:
            return self._answer(self.server.broken)
        if self.path not in self.server.objects:
            return self._answer(404)
        return self._answer(200, self.server.objects[self.path])

    def _answer(self, status, content=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Mon, 02 Nov 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def shelf(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shelf)
    server.objects, server.broken, server.puts = {}, 0, 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def s3(server) -> str:
    return f"s3://dossiers/agency?endpoint=http://127.0.0.1:{server.server_port}"


class TestLocalFolder:
    def test_keeps_content_under_its_hash_once(self, tmp_path: Path):
        store = open_file_store(folder=tmp_path / "files", s3_url=None, production=False)
        sha256 = store.put(b"factuur")
        assert sha256 == hashlib.sha256(b"factuur").hexdigest()
        assert store.put(b"factuur") == sha256
        assert store.get(sha256) == b"factuur"
        assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [sha256]

    def test_keeps_an_empty_file(self, tmp_path: Path):
        store = open_file_store(folder=tmp_path, s3_url=None, production=False)
        assert store.get(store.put(b"")) == b""

    def test_opens_a_large_one_as_a_file_that_is_gone_when_closed(self, tmp_path: Path):
        store = open_file_store(folder=tmp_path, s3_url=None, production=False)
        content = b"".join(number.to_bytes(4) for number in range(1_000_000))
        with store.open(store.put(content)) as file:
            assert file.read() == content
        assert file.closed
        with pytest.raises(FileNotStored):
            store.open("0" * 64)

    def test_a_damaged_one_is_not_opened(self, tmp_path: Path):
        store = open_file_store(folder=tmp_path, s3_url=None, production=False)
        sha256 = store.put(b"factuur")
        next(path for path in tmp_path.rglob(sha256)).write_bytes(b"faktuur")
        with pytest.raises(FileNotStored):
            store.open(sha256)

    def test_the_folder_is_closed_to_others(self, tmp_path: Path):
        open_file_store(folder=tmp_path / "files", s3_url=None, production=False)
        assert (tmp_path / "files").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "A" * 64])
    def test_refuses_what_it_does_not_hold(self, tmp_path: Path, name: str):
        store = open_file_store(folder=tmp_path, s3_url=None, production=False)
        with pytest.raises(FileNotStored):
            store.get(name)

    def test_refuses_damaged_content(self, tmp_path: Path):
        store = open_file_store(folder=tmp_path, s3_url=None, production=False)
        sha256 = store.put(b"factuur")
        (tmp_path / sha256[:2] / sha256[2:4] / sha256).write_bytes(b"gewijzigd")
        with pytest.raises(FileNotStored):
            store.get(sha256)

    def test_many_threads_keep_one_file(self, tmp_path: Path):
        store = open_file_store(folder=tmp_path, s3_url=None, production=False)
        threads = [threading.Thread(target=store.put, args=(b"gelijk" * 10000,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


class TestS3:
    def test_keeps_content_once(self, shelf, tmp_path: Path):
        store = open_file_store(folder=tmp_path, s3_url=s3(shelf), production=False)
        sha256 = store.put(b"brief")
        store.put(b"brief")
        assert store.get(sha256) == b"brief"
        assert list(shelf.objects) == [f"/dossiers/agency/{sha256[:2]}/{sha256[2:4]}/{sha256}"]
        assert shelf.puts == 1

    def test_refuses_what_it_does_not_hold(self, shelf, tmp_path: Path):
        store = open_file_store(folder=tmp_path, s3_url=s3(shelf), production=False)
        with pytest.raises(FileNotStored):
            store.get("0" * 64)

    @pytest.mark.parametrize(("status", "expected"), [(403, ProviderRefused), (503, ProviderTransient)])
    def test_tells_failures_apart(self, shelf, tmp_path: Path, status, expected):
        store = open_file_store(folder=tmp_path, s3_url=s3(shelf), production=False)
        shelf.broken = status
        with pytest.raises(expected):
            store.put(b"brief")
        with pytest.raises(expected):
            store.get("0" * 64)
        assert shelf.objects == {}

    @pytest.mark.parametrize(
        "url", ["s3://dossiers", "s3://dossiers?endpoint=https://s3.example.com", "https://dossiers"]
    )
    def test_outside_production_reaches_this_machine_only(self, tmp_path: Path, url: str):
        with pytest.raises(EgressRefused):
            open_file_store(folder=tmp_path, s3_url=url, production=False)

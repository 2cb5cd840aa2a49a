"""The mail room's folder: each scan once, bad ones aside with a reason, half-written ones left alone."""

import os
from io import BytesIO

import pytest
from PIL import Image

from agency.communication.inbound import scan_folder
from agency.communication.inbound.scan_folder import NoScanFolder, take_folder
from integrations.rendering import TemplateRenderer
from portal.scans import as_text, take_scans
from tests.communication.correspondence import TUESDAY, a_correspondent
from tests.inbound.letterbox import Letterbox
from tests.inbound.test_threading import reference_of

LETTER = (
    '#set document(title: "Brief")\n#set text(lang: "nl")\n= Brief\n'
    "#let data = json(bytes(sys.inputs.data))\n#data.words"
)


@pytest.fixture
def box(units):
    return Letterbox(units).open_up()


def a_scan(words: str) -> bytes:
    return TemplateRenderer().letter(source=LETTER, values={"words": words}, dated=TUESDAY.date())


def picture(kind: str) -> bytes:
    out = BytesIO()
    Image.new("L", (40, 60), 200).save(out, kind)
    return out.getvalue()


def lay(folder, name: str, content: bytes, *, age: int = 60):
    path = folder / name
    path.write_bytes(content)
    stat = path.stat()
    os.utime(path, (stat.st_atime - age, stat.st_mtime - age))
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def take(box, folder):
    return take_folder(box.units, box.files, folder)


def test_each_comes_in_once_and_finds_its_claim_or_waits(box, tmp_path):
    with box.unit() as unit:
        _, claim_id = a_correspondent(unit)
    reference = reference_of(box, claim_id)
    lay(tmp_path, "0001.pdf", a_scan(f"Kenmerk {reference}. Ik heb al betaald."))
    lay(tmp_path, "0002.PDF", a_scan("Wie bent u?"))
    lay(tmp_path, "0003.tif", picture("TIFF"))
    lay(tmp_path, "0004.jpg", picture("JPEG"))
    report = take(box, tmp_path)
    assert (report.threaded, report.waiting, report.refused) == (1, 3, [])
    assert names(tmp_path) == ["refused", "taken"]
    assert names(tmp_path / "taken") == ["0001.pdf", "0002.PDF", "0003.tif", "0004.jpg"]
    (reply,) = box.replies()
    assert (reply.claim_id, reply.topic) == (claim_id, "paid")
    lay(tmp_path, "0001.pdf", (tmp_path / "taken" / "0001.pdf").read_bytes())
    again = take(box, tmp_path)
    assert (again.threaded, again.known) == (0, 1)
    assert "0001-2.pdf" in names(tmp_path / "taken")
    assert len(box.inbound()) == 4


def test_what_will_not_do_is_moved_aside_with_its_reason(box, tmp_path):
    lay(tmp_path, "broken.pdf", b"%PDF-1.7\nnothing more")
    lay(tmp_path, "empty.pdf", b"")
    lay(tmp_path, "letter.docx", b"PK\x03\x04")
    lay(tmp_path, "picture.png", b"GIF89a")
    report = take(box, tmp_path)
    assert [one.name for one in report.refused] == ["broken.pdf", "empty.pdf", "letter.docx", "picture.png"]
    assert box.inbound() == []
    aside = tmp_path / "refused"
    assert (aside / "broken.pdf").read_bytes() == b"%PDF-1.7\nnothing more"
    assert (aside / "empty.pdf.reason.txt").read_text() == "empty.pdf: the file is empty\n"
    assert len(names(aside)) == 8


def test_half_written_hidden_and_linked_files_are_left_alone(box, tmp_path):
    lay(tmp_path, "fresh.pdf", a_scan("Net binnen"), age=0)
    lay(tmp_path, "copying.pdf.part", b"%PDF")
    lay(tmp_path, ".hidden.pdf", b"%PDF")
    outside = lay(tmp_path.parent, "secret.pdf", a_scan("Elders"))
    (tmp_path / "link.pdf").symlink_to(outside)
    report = take(box, tmp_path)
    assert (report.left_alone, report.threaded + report.waiting, report.refused) == (2, 0, [])
    assert {"fresh.pdf", "copying.pdf.part", "link.pdf", ".hidden.pdf"} <= set(names(tmp_path))


def test_killed_between_keeping_and_moving_nothing_is_lost_or_doubled(box, tmp_path, monkeypatch):
    lay(tmp_path, "0001.pdf", a_scan("Een brief"))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(scan_folder, "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            take(box, tmp_path)
    assert len(box.inbound()) == 1
    assert take(box, tmp_path).known == 1
    assert (len(box.inbound()), names(tmp_path / "taken")) == (1, ["0001.pdf"])


def test_a_file_that_cannot_be_moved_comes_again_and_stops_no_other(box, tmp_path, monkeypatch):
    lay(tmp_path, "0001.pdf", a_scan("Een"))
    lay(tmp_path, "0002.pdf", a_scan("Twee"))
    move = scan_folder._move

    def full(path, folder):
        if path.name == "0001.pdf":
            raise OSError(28, "No space left on device")
        move(path, folder)

    monkeypatch.setattr(scan_folder, "_move", full)
    said: list[str] = []
    report = take_scans(box.units, box.ports, tmp_path, say=said.append)
    assert [(one.name, one.why) for one in report.stuck] == [("0001.pdf", "No space left on device")]
    assert report.waiting == 1
    assert "it comes again" in as_text(report)
    assert said == ["  0 of 2: 0001.pdf"]


def test_no_folder_is_said(box, tmp_path):
    with pytest.raises(NoScanFolder, match="cannot be used"):
        take(box, tmp_path / "gone")

"""Mails that are packed: within a signature, with files written into their words, in Outlook's own form."""

import time
from base64 import encodebytes
from binascii import b2a_uu
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from agency.rules.inbound.mail import read_mail
from agency.rules.inbound.unpacked import signed_content, without_files
from tests.communication.correspondence import a_correspondent
from tests.inbound.letterbox import DOMAIN, Letterbox, a_mail

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HEADS = f"From: Notaris <kantoor@notaris.example>\r\nTo: post@{DOMAIN}\r\nSubject: Nalatenschap\r\n"


def inner(words="Mijn client is overleden.") -> bytes:
    mail = EmailMessage()
    mail.set_content(words)
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="akte.pdf")
    return mail.as_bytes().replace(b"\n", b"\r\n")


INNER = inner()


def signed(content: bytes, *, detached: bool, encoding=Encoding.DER) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Notaris")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=900))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    options = [pkcs7.PKCS7Options.DetachedSignature] if detached else []
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    return builder.add_signer(certificate, key, hashes.SHA256()).sign(
        encoding, [pkcs7.PKCS7Options.Binary, *options]
    )


def within(sealed: bytes, kind="application/pkcs7-mime; smime-type=signed-data; name=smime.p7m") -> bytes:
    heads = f"{HEADS}MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return heads.encode() + encodebytes(sealed)


def uu(name: str, content: bytes) -> str:
    lines = [b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45)]
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"


def wrapped(tag: int, content: bytes) -> bytes:
    """An element of BER whose length is not told."""
    return bytes([tag, 0x80]) + content + b"\0\0"


def streamed(content: bytes) -> bytes:
    """Signed content as programs write it that do not know beforehand how long it is: in pieces."""
    pieces = b"".join(
        bytes([0x04, 0x82]) + len(one).to_bytes(2) + one
        for one in (content[at : at + 100] for at in range(0, len(content), 100))
    )
    held = wrapped(0x30, bytes.fromhex("06092a864886f70d010701") + wrapped(0xA0, wrapped(0x24, pieces)))
    data = wrapped(0x30, bytes.fromhex("020101") + bytes.fromhex("3100") + held + bytes.fromhex("3100"))
    return wrapped(0x30, bytes.fromhex("06092a864886f70d010702") + wrapped(0xA0, data))


@pytest.mark.pure
class TestSigned:
    @pytest.mark.parametrize(
        "kind",
        [
            "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "application/x-pkcs7-mime",
            'application/octet-stream; name="smime.p7m"',
        ],
    )  # fmt: skip
    def test_a_mail_within_its_signature_is_read_as_that_mail(self, kind):
        mail = read_mail(within(signed(INNER, detached=False), kind))
        assert mail.text.strip() == "Mijn client is overleden."
        assert [(part.name, part.content) for part in mail.attachments] == [("akte.pdf", PDF)]
        assert (mail.subject, mail.sender) == ("Nalatenschap", "kantoor@notaris.example")

    def test_a_signature_beside_its_mail_is_no_file_of_the_writer(self):
        raw = HEADS.encode() + signed(INNER, detached=True, encoding=Encoding.SMIME)
        mail = read_mail(raw)
        assert mail.text.strip() == "Mijn client is overleden."
        assert [part.name for part in mail.attachments] == ["akte.pdf"]

    def test_one_that_is_written_in_pieces_is_read_too(self):
        assert signed_content(streamed(INNER)) == INNER
        assert read_mail(within(streamed(INNER))).text.strip() == "Mijn client is overleden."

    def test_one_within_another_is_read(self):
        once = within(signed(INNER, detached=False)).partition(b"\r\nMIME")[2]
        twice = within(signed(b"MIME" + once, detached=False))
        assert read_mail(twice).text.strip() == "Mijn client is overleden."

    @pytest.mark.parametrize("broken", [b"", b"0", b"\x30\x80", b"no", bytes(500), b"\x30\x82\xff\xff" * 9])
    def test_what_is_none_stays_a_file(self, broken):
        assert signed_content(broken) == b""
        read_mail(within(broken))

    @pytest.mark.parametrize("cut", range(0, 900, 37))
    def test_one_that_is_cut_off_raises_nothing(self, cut):
        sealed = signed(INNER, detached=False)
        assert signed_content(sealed[:cut]) in (b"", INNER)
        assert signed_content(streamed(INNER)[:cut]) in (b"", INNER)


@pytest.mark.pure
class TestUuencoded:
    def test_a_file_in_the_words_becomes_a_file(self):
        words = f"Zie mijn bewijs.\n{uu('bewijs.pdf', PDF)}Groet"
        mail = read_mail(a_mail(words))
        assert [(part.name, part.content) for part in mail.attachments] == [("bewijs.pdf", PDF)]
        assert mail.text.split() == ["Zie", "mijn", "bewijs.", "Groet"]

    @pytest.mark.parametrize(
        "words",
        [
            "begin 644 zonder einde\nM123", "begin met betalen\nend", "begin 644 a.pdf\nend",
            "begin 644 a.pdf\nik schrijf gewoon verder\nend",
        ],
    )  # fmt: skip
    def test_what_only_begins_like_one_stays_words(self, words):
        assert without_files(words) == (words, ())


@pytest.mark.pure
class TestHostile:
    """What strangers send to stop a worker is read, or left, in a moment."""

    @pytest.mark.parametrize(
        "sealed",
        [
            b"\x30\x80" * 200_000,  # without end, ever deeper
            bytes.fromhex("30887fffffffffffffff") + b"\x06" * 100,  # longer than anything
            bytes.fromhex("308006092a864886f70d010702a0803080020101") + b"\x31\x00" * 300_000,
            streamed(b"")[:-12] + b"\x24\x80" * 100_000,
            streamed(b"x" * 3_000_000).replace(b"\x00\x64", b"\x00\x00"),
        ],
        ids=["deep", "long", "many", "nested-octets", "wrong-lengths"],
    )
    def test_a_signature(self, sealed):
        begun = time.process_time()
        read_mail(within(sealed))
        assert time.process_time() - begun < 5

    def test_one_within_another_for_ever(self):
        once = INNER
        for _ in range(15):  # deeper than is read; each is a third larger than the one within
            once = within(streamed(once)).partition(b"Subject: Nalatenschap\r\n")[2]
        begun = time.process_time()
        read_mail(HEADS.encode() + once)
        assert time.process_time() - begun < 5

    @pytest.mark.parametrize(
        "words",
        [
            "begin 644 a\n" * 60_000, "begin 644 a\n" + "M" * 61 + "\n" * 400_000,
            ("begin 644 a\n" + "#0V%T\n" * 300) * 300, "begin 644 " + "a" * 1_000_000,
        ],
        ids=["begins", "blank", "unended", "name"],
    )  # fmt: skip
    def test_files_in_words(self, words):
        begun = time.process_time()
        read_mail(a_mail(words))
        assert time.process_time() - begun < 5


class TestComingIn:
    @pytest.fixture
    def box(self, units):
        return Letterbox(units).open_up()

    def read(self, box, *files):
        with box.unit() as unit:
            a_correspondent(unit)
        box.take_mail(a_mail("Zie bijlage", files=files))
        [reply] = box.replies()
        return reply.files

    def test_outlooks_own_form_is_named_with_what_to_ask_for(self, box):
        tnef = b"\x78\x9f\x3e\x22" + bytes(200)
        [file] = self.read(box, ("winmail.dat", "application/ms-tnef", tnef))
        assert file["name"] == "winmail.dat"
        assert file["refused"] == "only Outlook opens this file; ask for its files as PDF or pictures"

    def test_an_encrypted_mail_is_named_too(self, box):
        [file] = self.read(box, ("smime.p7m", "application/pkcs7-mime", b"\x30\x82 sealed"))
        assert file["refused"] == "this mail is encrypted; ask for it without"

    def test_a_signed_mail_is_heard_and_its_files_are_kept(self, box):
        with box.unit() as unit:
            a_correspondent(unit, email="kantoor@notaris.example")
        box.take_mail(within(signed(INNER, detached=False)))
        [reply] = box.replies()
        assert reply.topic == "death"
        assert [file["name"] for file in reply.files] == ["akte.pdf"]
        assert "document_id" in reply.files[0]

"""Front-end packages: locked without addresses, served under names that follow their content."""

import hashlib
import json
import re

import pytest

from portal.local import frontend

pytestmark = pytest.mark.pure


@pytest.fixture(scope="module")
def manifest() -> dict[str, str]:
    frontend.install(say=lambda text: None)
    return json.loads(frontend.MANIFEST.read_text())


class TestServedFiles:
    def test_every_logical_name_is_served_under_the_hash_of_its_content(self, manifest):
        assert manifest.keys() == {*frontend.SERVED, "inter.css"}
        for name, hashed in manifest.items():
            content = (frontend.VENDOR / hashed).read_bytes()
            stem, _, suffix = name.partition(".")
            assert hashed == f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"

    def test_the_font_faces_point_at_served_files(self, manifest):
        faces = (frontend.VENDOR / manifest["inter.css"]).read_text()
        assert re.findall(r"url\(([^)]*)\)", faces) == [
            manifest["inter-latin-ext.woff2"],
            manifest["inter-latin.woff2"],
        ]

    def test_tools_of_the_tests_are_not_served(self, manifest):
        assert frontend.AXE.exists()
        assert not any("axe" in path.name for path in frontend.VENDOR.iterdir())

    def test_a_second_installation_does_nothing(self, manifest):
        said: list[str] = []
        frontend.install(say=said.append)
        assert said == []

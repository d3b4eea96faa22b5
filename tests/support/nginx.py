"""A private nginx with a certificate of its own, on free ports."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .missing import missing
from .waiting import free_port, wait_until

REMEDY = "install the Debian packages nginx-light and openssl, or what your system calls them"
WHOLE = """
{user}
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """Where it listens, and the certificate by which it is known."""

    port: int
    plain_port: int
    certificate: Path

    @property
    def address(self) -> str:
        """The address of its first page."""
        return f"https://localhost:{self.port}/"


@contextmanager
def serving_site(site: str, folder: Path) -> Iterator[Nginx]:
    """Start an nginx with a site, and end it.

    Parameters
    ----------
    site
        The site's configuration. `{port}`, `{plain_port}`, `{certificate}` and `{key}` in it stand
        for what is chosen here.
    folder
        For its files.
    """
    program = _find("nginx")
    found = Nginx(free_port(), free_port(), folder / "certificate.pem")
    key = folder / "key.pem"
    _certify(found.certificate, key)
    for name, value in (
        ("port", found.port),
        ("plain_port", found.plain_port),
        ("certificate", found.certificate),
        ("key", key),
    ):
        site = site.replace(f"{{{name}}}", str(value))
    (folder / "site.conf").write_text(site, encoding="utf-8")
    # Workers of an nginx that root starts would be nobody, who cannot read a test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    whole = folder / "nginx.conf"
    whole.write_text(WHOLE.format(folder=folder, user=user), encoding="utf-8")
    with (folder / "nginx.txt").open("w", encoding="utf-8") as output:
        process = subprocess.Popen([program, "-c", str(whole)], stdout=output, stderr=output)

    def ended() -> None:
        if process.poll() is not None:
            said = (folder / "nginx.txt").read_text(encoding="utf-8")
            raise RuntimeError(f"nginx ended with {process.returncode}; it said:\n{said}")

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", found.port)) == 0

    with process:
        try:
            wait_until(listens, "nginx to listen", check=ended)
            yield found
        finally:
            process.terminate()


def _find(program: str) -> str:
    """Find a program, also where only root looks."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return found or missing(program, REMEDY)


def _certify(certificate: Path, key: Path) -> None:
    """Make a certificate for localhost that vouches for itself."""
    subprocess.run(
        [
            *(_find("openssl"), "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        capture_output=True,
        check=True,
    )

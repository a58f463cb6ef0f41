"""`python -m drivers.probe centre`: the line to the national centre, step by step, each refusal explained.

Nobody is served by it: the only request is the greeting (`GET /v1/health`, docs/protocol.md §2).
"""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from config.errors import ConfigError
from config.probing import NotTried, Report
from config.schema import Machine, Settings
from config.secrets import credential
from drivers.centre_line import Line, tls_context
from drivers.issuer import pinned
from kiosk.errors import IssuerUnavailable

FOLDER: Final = Path("/etc/certkiosk/credentials")
VARIABLE: Final = "CREDENTIALS_DIRECTORY"
SOON_DAYS: Final = 30
HTTPS: Final = 443
_ANSWER_BYTES: Final = 65536
ALERT_S: Final = 3.0
"""Wait for the centre's alert after a handshake; it comes at once or not at all."""

ALERTS: Final = {
    "UNKNOWN_CA": (
        "the centre does not know the authority of our certificate",
        "terminal.crt must be one that the centre's operator issued for this machine; ask for it anew",
    ),
    "CERTIFICATE_REQUIRED": (
        "the centre wants a client certificate and got none",
        "provide terminal.crt and terminal.key as credentials",
    ),
    "CERTIFICATE_EXPIRED": (
        "the centre says that our certificate has expired",
        "have terminal.crt renewed, and look at the time: python -m drivers.probe clock",
    ),
    "CERTIFICATE_REVOKED": ("the centre says that our certificate is revoked", "call the centre's operator"),
    "CERTIFICATE_UNKNOWN": ("the centre does not accept our certificate", "call the centre's operator"),
    "BAD_CERTIFICATE": ("the centre cannot use our certificate", "have terminal.crt issued anew"),
    "ACCESS_DENIED": ("the centre does not let this certificate in", "call the centre's operator"),
    "HANDSHAKE_FAILURE": ("no common way to encrypt was found", "the centre must speak TLS 1.3"),
    "PROTOCOL_VERSION": ("the centre does not speak TLS 1.3", "the centre's operator has to switch it on"),
    "WRONG_VERSION_NUMBER": ("what answers there does not speak TLS", "correct centre.url (address and port)"),
}
"""OpenSSL's word in a refusal → what it means and what to do."""

STATUS: Final = {
    403: (
        "the centre does not know this terminal by its certificate (403 unknown_terminal)",
        "have the operator list the name in terminal.crt; it must be terminal_id of the machine file",
    ),
    404: ("the centre has no such address (404)", "correct centre.url: it ends before /v1/"),
    503: ("the centre is busy (503)", "try again in a minute"),
}


def probe(settings: Settings, report: Report, *, credentials: Path | None = None) -> None:
    """`credentials`: the folder with the terminal's credentials; None: that of the service, or of the installation."""
    machine = settings.machine
    folder = credentials_folder(credentials)
    report.note(f"centre at {machine.centre.url}; credentials from {folder}")
    context = _own_side(machine, folder, report)
    address = _address(machine.centre.url, report)
    if address is None or not _reached(address, machine.centre.connect_s, report) or context is None:
        return
    if _handshake(address, machine.centre.connect_s, context, report):
        _hello(settings, address, context, report)


def credentials_folder(given: Path | None) -> Path:
    """Where the credentials lie: as told, of the running unit, or where the unit takes them from."""
    if given is not None:
        return given
    return Path(os.environ.get(VARIABLE) or FOLDER)


# ---- our own side ------------------------------------------------------------------------------------------


def _own_side(machine: Machine, folder: Path, report: Report) -> ssl.SSLContext | None:
    if not folder.is_dir():
        raise NotTried(f"{folder} is no folder: name the one with terminal.crt and the others by --credentials")
    os.environ[VARIABLE] = str(folder.absolute())
    try:
        own = x509.load_pem_x509_certificate(credential("terminal.crt"))
        peer = x509.load_pem_x509_certificate(credential("centre.pin"))
        pinned(credential("city-sign.pub"), credential("city-hpke.pub"))
        credential("terminal.key")
    except ConfigError as error:
        report.fault(f"credentials: {error}", "provide every credential that systemd/kiosk.service loads")
        return None
    except ValueError as error:
        report.fault(f"credentials: {error}", "provide that file anew, as the centre's operator gave it")
        return None
    report.ok("all credentials are there, and the city's two keys can be read")
    _dates("our certificate (terminal.crt)", own, "have it renewed by the centre's operator", report)
    _dates("the centre's certificate (centre.pin)", peer, "have the operator's new one sent and pinned", report)
    name = _common_name(own)
    report.check(
        name == machine.terminal_id,
        f"the name in our certificate is terminal_id, {name}",
        f"the name in our certificate is {name}, terminal_id in the machine file is {machine.terminal_id}",
        "correct terminal_id, or provide the certificate of this machine",
    )
    try:
        return tls_context(folder / "centre.pin", folder / "terminal.crt", folder / "terminal.key")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        report.fault(f"certificate and key cannot be used: {reason}", "terminal.key must belong to terminal.crt")
        return None


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def _dates(what: str, certificate: x509.Certificate, remedy: str, report: Report) -> None:
    now = datetime.now(UTC)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    text = f"{what}: from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    days = (last - now).days
    if now < first:
        report.fault(f"{text}, not valid yet", "look at the time: python -m drivers.probe clock")
    elif now > last:
        report.fault(f"{text}, expired", remedy)
    elif days < SOON_DAYS:
        report.fault(f"{text}, only {days} days left", remedy)
    else:
        report.ok(f"{text}, {days} days left")


# ---- the line ----------------------------------------------------------------------------------------------


def _address(url: str, report: Report) -> tuple[str, int] | None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or HTTPS
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        report.fault(
            f"the name {host} is not known here", "correct centre.url, or the name server of this network (resolvectl)"
        )
        return None
    known = sorted({str(entry[4][0]) for entry in found})
    report.ok(f"address {', '.join(known)}, port {port}")
    return host, port


def _reached(address: tuple[str, int], connect_s: float, report: Report) -> bool:
    try:
        with closing(socket.create_connection(address, connect_s)):
            report.ok("TCP: the connection is taken")
            return True
    except TimeoutError:
        report.fault(
            f"TCP: no answer in {connect_s:.0f} s",
            "a firewall drops it: open it on the way, and in the unit's drop-in (IPAddressAllow of kiosk.service)",
        )
    except ConnectionRefusedError:
        report.fault("TCP: refused, nobody listens there", "correct centre.url, or ask whether the centre is running")
    except OSError as error:
        report.fault(f"TCP: {error.strerror or type(error).__name__}", "look at the network: ip route, ping, the cable")
    return False


def _handshake(address: tuple[str, int], connect_s: float, context: ssl.SSLContext, report: Report) -> bool:
    try:
        with closing(socket.create_connection(address, connect_s)) as plain:
            plain.settimeout(connect_s)
            with context.wrap_socket(plain, server_hostname=address[0]) as line:
                report.ok(f"TLS: the centre is the pinned one ({line.version()})")
                return True
    except ssl.SSLCertVerificationError as error:
        if "ostname" in error.verify_message or "IP address" in error.verify_message:
            report.fault(
                f"TLS: the pinned certificate is not for the name {address[0]}",
                "write the name in centre.url that is in the centre's certificate",
            )
        else:
            report.fault(
                f"TLS: the centre shows another certificate than the pinned one ({error.verify_message})",
                "ask the operator whether it was changed, by another way than this line; never pin it off the line",
            )
    except ssl.SSLError as error:
        _refused(error, report)
    except OSError as error:
        report.fault(f"TLS: broken off ({type(error).__name__})", "what answers there may not be the centre")
    return False


def _refused(error: ssl.SSLError, report: Report) -> None:
    reason = error.reason or type(error).__name__
    for word, (what, remedy) in ALERTS.items():
        if reason.endswith(word):
            report.fault(f"TLS: {what} ({reason})", remedy)
            return
    report.fault(f"TLS: refused ({reason})", "call the centre's operator with this word")


def _hello(settings: Settings, address: tuple[str, int], context: ssl.SSLContext, report: Report) -> None:
    """By the driver's own line; where that only knows that it failed, ask once more to learn why."""
    centre = settings.machine.centre
    line = Line(centre, context, _ANSWER_BYTES, centre.read_s)
    try:
        answer = line.health()
    except IssuerUnavailable as error:
        _why(str(error), address, centre.read_s, context, report)
        return
    finally:
        line.close()
    report.ok("the centre greets this terminal")
    report.check(
        answer.get("city") == "ok",
        "the city's server answers behind the centre",
        f"the centre does not reach the city ({answer.get('city')})",
        "nothing is wrong here: tell the city and the centre's operator",
    )


def _why(word: str, address: tuple[str, int], read_s: float, context: ssl.SSLContext, report: Report) -> None:
    status = word.partition("http_")[2]
    if status.isdigit():
        report.fault(*STATUS.get(int(status), (f"the centre refuses with HTTP {status}", "call the centre's operator")))
        return
    if word == "silent":
        report.fault("the centre took the request and is silent", "try again; if it stays so, call its operator")
        return
    # With TLS 1.3 a server refuses a client's certificate only after the handshake. Nothing is sent here: whoever
    # still sends while the other side closes may lose the alert that says why.
    try:
        with closing(socket.create_connection(address, read_s)) as plain:
            plain.settimeout(read_s)
            with context.wrap_socket(plain, server_hostname=address[0]) as line:
                line.settimeout(min(read_s, ALERT_S))
                line.recv(1)
    except TimeoutError:
        report.fault(
            f"the greeting was not understood ({word})", "what answers there may not be the centre: see centre.url"
        )
        return
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        pass
    except ssl.SSLError as error:
        _refused(error, report)
        return
    except OSError:
        pass
    report.fault(
        "the centre ends the connection after the handshake",
        "it may not list this machine's address or certificate: ask its operator",
    )

"""Where secrets and state lie: only where the service manager put them (systemd.exec(5))."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import quote, urlsplit

from config.errors import ConfigError, Problem
from config.machine import CameraDevice, Machine

CredentialName = Literal[
    "terminal.key",
    "terminal.crt",
    "centre.pin",
    "city-sign.pub",
    "city-hpke.pub",
    "recorder-kek",
    "export-sign.key",
    "camera-login",
]
CREDENTIALS: frozenset[str] = frozenset(get_args(CredentialName))
"""Every credential there is."""


def credential(name: CredentialName) -> bytes:
    """The content of one credential, from ``$CREDENTIALS_DIRECTORY``.

    Raises:
        ValueError: no credential has that name.
        ConfigError: the folder is not set, or the credential is missing, unreadable or empty. The text never
            holds any of its content.
    """
    if name not in CREDENTIALS:
        raise ValueError(f"{name!r} is not a credential; there are {', '.join(sorted(CREDENTIALS))}")
    file = _directory("CREDENTIALS_DIRECTORY", f"LoadCredential={name}:…") / name
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            [
                Problem(
                    str(file),
                    "",
                    f"cannot be read ({error.strerror}): provide it with LoadCredential={name}:…",
                )
            ]
        ) from None
    if not content:
        raise ConfigError([Problem(str(file), "", "is empty: provide the credential anew")])
    return content


KEK_BYTES: Final = 32


def recorder_kek(machine: Machine) -> bytes | None:
    """The key under which the keys of stored video are kept; None where the machine has no recorder.

    Raises:
        ConfigError: as :func:`credential`, or it has not 32 bytes.
    """
    if machine.recorder is None:
        return None
    kek = credential("recorder-kek")
    if len(kek) != KEK_BYTES:
        raise ConfigError(
            [_bad("recorder-kek", f"has {len(kek)} bytes; make it with 'head -c {KEK_BYTES} /dev/urandom'")]
        )
    return kek


def camera_source(camera: CameraDevice) -> str:
    """The camera's address as it is to be opened: with user and password where the camera asks for them.

    Raises:
        ConfigError: as :func:`credential`, or it is not ``user:password``.
    """
    if not camera.login:
        return camera.source
    user, colon, password = credential("camera-login").decode("utf-8", "replace").strip().partition(":")
    if not (user and colon and password):
        raise ConfigError([_bad("camera-login", "must be user:password on one line")])
    parts = urlsplit(camera.source)
    return parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}").geturl()


def _bad(name: CredentialName, what: str) -> Problem:
    return Problem(str(_directory("CREDENTIALS_DIRECTORY", f"LoadCredential={name}:…") / name), "", what)


def state_directory() -> Path:
    """``$STATE_DIRECTORY``: what must outlive a power cut.

    Raises:
        ConfigError: not set, or no such folder.
    """
    return _directory("STATE_DIRECTORY", "StateDirectory=")


def runtime_directory() -> Path:
    """``$RUNTIME_DIRECTORY``: everything of a session, in memory.

    Raises:
        ConfigError: not set, or no such folder.
    """
    return _directory("RUNTIME_DIRECTORY", "RuntimeDirectory=")


def _directory(variable: str, setting: str) -> Path:
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigError([Problem(f"${variable}", "", f"is not set: start the unit with {setting}")])
    # systemd joins several folders with colons; the units of this program declare one each.
    directory = Path(value)
    if not directory.is_absolute() or not directory.is_dir():
        raise ConfigError([Problem(f"${variable}", "", f"{value!r} is not one existing folder: use {setting}")])
    return directory

"""A network and mount namespace of its own for pcscd and vpcd.

vpcd listens on every address and pcscd on one fixed path. Inside a namespace that has only a loopback of its own,
nothing of it can be reached over the network, and a pcscd of the host with its readers stays untouched. Only the
Unix socket is visible outside, because its folder is a folder of the bench.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MS_BIND, MS_REC = 4096, 16384
SUN_PATH_MAX = 107

#: program -> Debian package
PROGRAMS = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "pcscd": "pcscd",
}
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DRIVER_GLOBS = (
    "usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "usr/lib/*/pcsc/drivers/serial/libifdvpcd.so",
    "usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
)


class StandError(RuntimeError):
    """The card stand cannot start or has stopped; the text says what to do about it."""


@dataclass(frozen=True)
class Tools:
    """What of the system the stand uses, and the folders compiled into pcscd."""

    programs: Mapping[str, str]
    driver: Path
    ipc_dir: Path
    usb_drop_dir: Path
    polkit: bool


def _which(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=_SYSTEM_PATH)


def _output(arguments: list[str]) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=10)
    return done.stdout + done.stderr


def _compiled_in(text: str, key: str, default: str) -> Path:
    found = re.search(rf"\b{key}=(\S+)", text)
    return Path(found.group(1) if found else default)


def find_tools(which: Callable[[str], str | None] = _which, root: Path = Path("/")) -> Tools:
    """Look for everything the stand needs. Raises :class:`StandError` naming the missing Debian packages."""
    programs = {name: path for name in PROGRAMS if (path := which(name)) is not None}
    missing = {package: name for name, package in PROGRAMS.items() if name not in programs}
    driver = next((path for pattern in _DRIVER_GLOBS for path in sorted(root.glob(pattern))), None)
    if driver is None:
        missing["vsmartcard-vpcd"] = "libifdvpcd.so"
    if missing or driver is None:
        what = ", ".join(f"{name} (package {package})" for package, name in sorted(missing.items()))
        raise StandError(f"the virtual card needs {what}: sudo apt-get install {' '.join(sorted(missing))}")
    version = _output([programs["pcscd"], "--version"])
    return Tools(
        programs=programs,
        driver=driver,
        ipc_dir=_compiled_in(version, "ipcdir", "/run/pcscd"),
        usb_drop_dir=_compiled_in(version, "usbdropdir", "/usr/lib/pcsc/drivers"),
        polkit="--disable-polkit" in _output([programs["pcscd"], "--help"]),
    )


def unshare_command(tools: Tools, euid: int | None = None) -> list[str]:
    """The words to put before a program so that it starts in a namespace of its own.

    Root needs no user namespace; anybody else, and a root without CAP_SYS_ADMIN (a container), gets one. Tried
    before it is returned. Raises :class:`StandError` that says which rule of the system forbids it.
    """
    unshare, ip = tools.programs["unshare"], tools.programs["ip"]
    euid = os.geteuid() if euid is None else euid
    failures = []
    for options in (["-nm"], ["-Urnm"]) if euid == 0 else (["-Urnm"],):
        attempt = [unshare, *options, "--", ip, "link", "set", "lo", "up"]
        done = subprocess.run(attempt, capture_output=True, text=True, check=False, timeout=10)
        if done.returncode == 0:
            return [unshare, *options, "--"]
        failures.append(f"unshare {' '.join(options)}: {done.stderr.strip() or done.returncode}")
    raise StandError(f"{forbidden_reason()} ({'; '.join(failures)})")


def forbidden_reason(proc_sys: Path = Path("/proc/sys")) -> str:
    """Why a user namespace was refused, and what to do, from the kernel's own settings."""

    def setting(name: str) -> str | None:
        try:
            return (proc_sys / name).read_text().strip()
        except OSError:
            return None

    what = "the virtual card's pcscd needs a namespace of its own, and this system forbids it to this user: "
    if setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return what + (
            "AppArmor restricts user namespaces (Ubuntu 23.10 and later). Allow them until the next start with "
            "'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0', or start the bench as root"
        )
    if setting("kernel/unprivileged_userns_clone") == "0":
        return what + (
            "user namespaces are switched off. Allow them with 'sudo sysctl kernel.unprivileged_userns_clone=1', "
            "or start the bench as root"
        )
    if setting("user/max_user_namespaces") == "0":
        return what + (
            "no user namespace may exist. Allow some with 'sudo sysctl user.max_user_namespaces=1000', "
            "or start the bench as root"
        )
    return what + (
        "in a container, start it with CAP_SYS_ADMIN (docker run --privileged, or --cap-add SYS_ADMIN with "
        "--security-opt seccomp=unconfined); otherwise start the bench as root"
    )


def check_socket_path(path: Path) -> None:
    """A Unix socket's path holds 107 bytes; a longer one would be cut without a word by libpcsclite."""
    if len(os.fsencode(path)) > SUN_PATH_MAX:
        raise StandError(f"{path} is longer than the {SUN_PATH_MAX} bytes of a socket: use a shorter run folder")


def furnish(tools: Tools, socket_dir: Path) -> None:
    """Inside the namespace: loopback up, our socket folder where pcscd expects its own, no USB reader drivers.

    Raises :class:`StandError`.
    """
    done = subprocess.run(
        [tools.programs["ip"], "link", "set", "lo", "up"], capture_output=True, text=True, check=False, timeout=10
    )
    if done.returncode != 0:
        raise StandError(f"the loopback of the namespace did not come up: {done.stderr.strip()}")
    target = tools.ipc_dir.resolve()
    if not target.is_dir():
        _make_room(target)
    _mount(str(socket_dir), target, None, MS_BIND)
    # Real readers belong to the host's pcscd; without their drivers ours does not take them.
    for bundle in sorted(tools.usb_drop_dir.glob("*.bundle")):
        _mount("tmpfs", bundle, "tmpfs", 0)


def _make_room(target: Path) -> None:
    """Let ``target`` exist without touching the host, where only root could make it.

    Its parent (/run) is replaced, in this namespace only, by an empty file system that shows the same folders.
    """
    parent = target.parent
    entries = sorted(parent.iterdir())
    old = os.open(parent, os.O_PATH | os.O_DIRECTORY)
    try:
        _mount("tmpfs", parent, "tmpfs", 0)
        for entry in entries:
            seen = Path(f"/proc/self/fd/{old}") / entry.name
            if seen.is_symlink():
                entry.symlink_to(seen.readlink())
            elif seen.is_dir():
                entry.mkdir()
                _mount(str(seen), entry, None, MS_BIND | MS_REC)
        target.mkdir()
    finally:
        os.close(old)


def _mount(source: str, target: Path, kind: str | None, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    kind_bytes = None if kind is None else kind.encode()
    if libc.mount(source.encode(), os.fsencode(target), kind_bytes, ctypes.c_ulong(flags), None) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise StandError(f"cannot mount over {target} in the card's namespace: {reason}; start the bench as root")

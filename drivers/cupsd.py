"""A print spooler of our own, alive for one transaction: cupsd as a child of this process.

Everything it ever writes lies in one directory, made by `start` and removed by `stop`; that directory belongs on
a memory file system. It listens on one domain socket, keeps no job after its end, retries nothing and dies with
us (`PR_SET_PDEATHSIG`). Its backends have process groups of their own and survive it, so they carry
a marker in their environment by which `drivers.leftovers` finds them (cups-files.conf(5), `SetEnv`).
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers import leftovers
from kiosk.errors import PrintError

MARKER: Final = leftovers.MARKER
_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
_SOCKET_NAME_MAX: Final = 107  # sun_path of unix(7), without its closing zero
_SOCKET: Final = "cups.sock"
_START_S: Final = 10.0
_FILTERS_ACCOUNT: Final = "lp"

_FILES_CONF: Final = """\
ServerRoot {root}/etc
StateDir {root}/state
CacheDir {root}/cache
RequestRoot {root}/spool
TempDir {root}/tmp
ServerKeychain {root}/etc/ssl
AccessLog {root}/log/access_log
ErrorLog {root}/log/error_log
PageLog {root}/log/page_log
ServerBin {server_bin}
DataDir {data_dir}
DocumentRoot {data_dir}/doc-root
Printcap
User {user}
Group {group}
SystemGroup {system_group}
LogFilePerm 0600
ConfigFilePerm 0640
FatalErrors config permissions
SetEnv {marker} {mark}
"""

# PageLogFormat stays empty: the default line would hold the names of user and job.
# MaxJobTime 0: the built-in limit ends the job here and leaves it in the printer; the driver has its own.
# DirtyCleanInterval 0: no data file without its control file.
_CUPSD_CONF: Final = """\
LogLevel warn
AccessLogLevel config
PageLogFormat
Listen {root}/cups.sock
Browsing No
BrowseLocalProtocols none
DefaultShared No
WebInterface No
DefaultAuthType None
DefaultEncryption Never
PreserveJobFiles No
PreserveJobHistory No
MaxJobTime 0
JobRetryLimit 0
ErrorPolicy abort-job
DirtyCleanInterval 0
MaxLogSize 0
<Location />
  Order allow,deny
  Allow localhost
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues default
  SubscriptionPrivateAccess default
  SubscriptionPrivateValues default
  <Limit All>
    AuthType None
    Order allow,deny
    Allow localhost
  </Limit>
</Policy>
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the Debian packages put the daemon and its parts."""

    cupsd: str
    server_bin: Path
    data_dir: Path


def find_installation() -> Installation:
    """Raises PrintError naming the missing Debian package."""
    cupsd = shutil.which("cupsd", path=_PATH)
    server_bin = next((path for path in map(Path, ("/usr/lib/cups", "/usr/libexec/cups")) if path.is_dir()), None)
    if cupsd is None or server_bin is None or not (server_bin / "backend/ipp").exists():
        raise PrintError("the print spooler is missing: install the Debian package cups-daemon")
    for tool in ("setpriv", "prlimit"):
        if shutil.which(tool, path=_PATH) is None:
            raise PrintError(f"{tool} is missing: install the Debian package util-linux")
    return Installation(cupsd, server_bin, Path("/usr/share/cups"))


class Cupsd:
    """One cupsd in the folder `cups` of the runtime directory; it makes and removes that folder.

    Belongs to one thread: the daemon is killed when the thread that started it ends.
    """

    def __init__(self, runtime: Path) -> None:
        self._runtime = runtime.absolute()
        self._directory = self._runtime / leftovers.SPOOLER_NAME
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def directory(self) -> Path:
        """Everything it writes is in here; its socket is `cups.sock`."""
        return self._directory

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start on an empty directory and return when it answers. Raises PrintError saying what to do."""
        if self.alive:
            return
        installation = find_installation()
        if len(os.fsencode(self._directory / _SOCKET)) > _SOCKET_NAME_MAX:
            raise PrintError("the runtime directory's path is too long for a socket: choose a shorter one")
        self.stop()
        self._lay_out(installation)
        environment = {"PATH": _PATH, "LANG": "C.UTF-8", MARKER: str(self._runtime)}
        # prlimit: no core dump may ever hold a page. setpriv: whatever ends us ends it.
        wrap = ["prlimit", "--core=0:0", "--", "setpriv", "--pdeathsig", "KILL", "--"]
        files = [installation.cupsd, "-f", "-c", f"{self._directory}/cupsd.conf"]
        self._process = subprocess.Popen(
            [*wrap, *files, "-s", f"{self._directory}/cups-files.conf"],
            env=environment,
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await_answer()

    def stop(self) -> leftovers.Sweep:
        """Kill it and whatever it started, remove its directory. May be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        killed = leftovers.kill_all(self._runtime, self._directory)
        gone = leftovers.remove_tree(self._directory)
        return leftovers.Sweep(killed=killed.killed, survivors=killed.survivors, removed=gone.removed,
                               remaining=gone.remaining)  # fmt: skip

    def residue(self) -> tuple[str, ...]:
        """What of a job is still there while it runs: words such as `2 files in spool`; empty: nothing."""
        found = []
        for name in ("spool", "tmp"):
            folder = self._directory / name
            files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
            if files:
                found.append(f"{len(files)} files in {name}")
        return tuple(found)

    def _lay_out(self, installation: Installation) -> None:
        root = self._directory
        as_root = os.geteuid() == 0
        if as_root:
            # cupsd runs filters and backends as this account; they must reach their files, nobody else may.
            account = pwd.getpwnam(_FILTERS_ACCOUNT)
            user, group_id, system_group = account.pw_name, account.pw_gid, "root"
            self._let_group_pass(group_id)
        else:
            user, group_id = pwd.getpwuid(os.geteuid()).pw_name, os.getegid()
            system_group = grp.getgrgid(group_id).gr_name
        folders = {
            "": 0o710 if as_root else 0o700,
            "etc": 0o750, "etc/ppd": 0o750, "etc/ssl": 0o700, "log": 0o700,
            "spool": 0o710, "tmp": 0o1770, "cache": 0o770, "state": 0o750, "state/certs": 0o510,
        }  # fmt: skip
        for name, mode in folders.items():
            folder = root / name
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, -1, group_id)
            folder.chmod(mode)
        values = {
            "root": root, "server_bin": installation.server_bin, "data_dir": installation.data_dir,
            "user": user, "group": grp.getgrgid(group_id).gr_name, "system_group": system_group,
            "marker": MARKER, "mark": self._runtime,
        }  # fmt: skip
        for name, text in (("cups-files.conf", _FILES_CONF), ("cupsd.conf", _CUPSD_CONF)):
            path = root / name
            path.write_text(text.format_map(values), "utf-8")
            path.chmod(0o600)

    def _let_group_pass(self, group_id: int) -> None:
        """Open the runtime directory to the filters' group, and say so where a folder above is closed."""
        self._runtime.mkdir(parents=True, exist_ok=True)
        for folder in (self._runtime, *self._runtime.parents):
            status = folder.stat()
            if status.st_mode & stat.S_IXOTH or (status.st_gid == group_id and status.st_mode & stat.S_IXGRP):
                continue
            if folder != self._runtime:
                raise PrintError(
                    f"the print filters run as {_FILTERS_ACCOUNT} and may not enter {folder}: "
                    "use a runtime directory whose parents others may enter (chmod o+x)"
                )
            os.chown(folder, -1, group_id)
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXGRP)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if not self.alive:
                break
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(self._directory / _SOCKET))
                return
            except OSError:
                time.sleep(0.01)
        words = self._last_words()
        self.stop()
        raise PrintError(f"the print spooler did not start; its last words: {words}")

    def _last_words(self) -> str:
        """Last line of its log. Only called before it was ever given a job, so there is nobody in it."""
        try:
            lines = (self._directory / "log/error_log").read_text("utf-8", "replace").split("\n")
        except OSError:
            return "none"
        return next((line for line in reversed(lines) if line.strip()), "none")

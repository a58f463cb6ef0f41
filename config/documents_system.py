"""Papers about the system: its figure (F-29), and who and what processes the data, with versions (F-14)."""

from __future__ import annotations

import platform
import sqlite3
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config.documents_text import Paper, both_styles
from config.schema import Machine, Settings

DISTRIBUTION: Final = "certkiosk"
LOCK: Final = Path(__file__).parents[1] / "requirements.lock"
"""Stands beside the packages in the source tree; a built package does not carry it."""
_DAEMONS: Final = {"cups-daemon": "CUPS（印刷の受け渡し）", "pcscd": "pcscd（カード読み取り機の受け渡し）"}
_PATIENCE_S: Final = 10


# --- figure ---


def figure(settings: Settings, day: date) -> str:
    """The system as configured: city, centre, terminal and each device of it, one line a link. Nothing secret."""
    profile, machine = settings.profile, settings.machine
    paper = Paper(f"{profile.machine_title}システム　構成図")
    paper.say(profile.city_name, f"{both_styles(day)}現在")
    if machine.simulation:
        paper.say("試験用の設定です。実際の機械の図ではありません。")
    links = list(_links(machine))
    lines = [
        f"市の証明発行サーバ　{profile.city_name}（{profile.municipality_code}）",
        "　│　総合行政ネットワーク（LGWAN）、暗号化",
        f"証明書交付センター　{_peer(machine.centre.url)}",
        "　│　専用回線、暗号化（TLS、相手の鍵を固定）",
        f"端末　{machine.terminal_id}（{profile.place}　{machine.machine_no}号機）",
        *(f"　{'└' if n == len(links) else '├'}─ {link}" for n, link in enumerate(links, start=1)),
    ]
    return f"{paper}\n" + "\n".join(lines) + "\n"


def _links(machine: Machine) -> Iterator[str]:
    reader, printer, cash, sensors = machine.reader, machine.printer, machine.cash, machine.sensors
    if reader.driver == "pcsc":
        yield f"カード読み取り機　PC/SC　「{reader.name_contains}」"
    else:
        yield f"カード読み取り機　NFC（PC/SCなし）　{reader.device}"
    trays = f"証明書 {printer.certificate_tray}（A4両面）、領収書 {printer.receipt_tray}（{printer.receipt_media}）"
    yield f"印刷機　IPP　{_peer(printer.uri)}　{trays}"
    coins = "・".join(f"{yen}円" for yen in sorted({coin.yen for coin in cash.coins}))
    yield f"硬貨の受け入れ　ccTalk　{cash.port}　番号{cash.acceptor_serial}　{coins}"
    for hopper in cash.hoppers:
        yield f"硬貨の払い出し　ccTalk　{cash.port}　番号{hopper.serial}　{hopper.yen}円"
    if sensors is not None:
        inputs = "証明書・おつり・領収書の受け取り口"
        key = "、係員の鍵" if sensors.service_key_input is not None else ""
        yield f"センサー　Modbus RTU　{sensors.port}　{inputs}{key}"


def _peer(url: str) -> str:
    """Scheme, host and port; never a user name or password that somebody wrote into an address."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


# --- processors ---


@dataclass(frozen=True, slots=True)
class Component:
    """One program on this computer that the data pass through."""

    name: str
    version: str
    """Empty: required, but not there."""
    locked: str = ""
    """The version of the lock; empty: the lock has none, or there is no lock here."""


def processors(
    settings: Settings,
    day: date,
    lock: Path = LOCK,
    daemon_version: Callable[[str], str] | None = None,
) -> str:
    """Organisations from the configuration, programs from what is installed on this computer (F-14)."""
    profile, machine = settings.profile, settings.machine
    paper = Paper("個人情報を取り扱う者と、プログラムの版")
    paper.say(f"{profile.city_name}　{profile.machine_title}　{machine.terminal_id}", f"{both_styles(day)}現在")
    paper.section("組織")
    paper.items([f"{profile.city_name}　{profile.office}"])
    paper.items(["証明書を作り、機械を管理する"], 1)
    for processor in profile.processors:
        paper.items([processor.name])
        paper.items([processor.role], 1)
        if processor.under:
            paper.items([f"もとになるもの：{processor.under}"], 1)
    paper.section("プログラム")
    paper.say("この表は、書き出した計算機に入っているものです。端末の上で書き出してください。")
    locked = _locked(lock)
    if locked is None:
        paper.say("版の固定表（requirements.lock）がここにないため、照合していません。")
    paper.items(_told(component, locked is not None) for component in runtime(locked or {}))
    paper.section("土台")
    paper.items(_ground("pcscd" if machine.reader.driver == "pcsc" else "", daemon_version or _debian_version))
    return str(paper)


def runtime(locked: dict[str, str], root: str = DISTRIBUTION) -> tuple[Component, ...]:
    """The program and everything it needs to run, as installed here; test tools and the bench are left out."""
    found: dict[str, Component] = {}
    asked: set[tuple[str, str]] = set()
    waiting: list[tuple[str, str]] = [(canonicalize_name(root), "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in asked:
            continue
        asked.add((name, extra))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            found.setdefault(name, Component(name, "", locked.get(name, "")))
            continue
        title = distribution.metadata["Name"] or name
        found[name] = Component(title, distribution.version, locked.get(name, ""))
        for line in distribution.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                below = canonicalize_name(requirement.name)
                waiting += [(below, ""), *((below, wanted) for wanted in requirement.extras)]
    first = canonicalize_name(root)
    return (found.pop(first), *(found[name] for name in sorted(found)))


def _locked(lock: Path) -> dict[str, str] | None:
    """Name and version of each line ``name==version``; None where there is no such file."""
    try:
        lines = lock.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    pairs = (line.partition("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name.strip()): version.split()[0] for name, _, version in pairs}


def _told(component: Component, compared: bool) -> str:
    name = f"{component.name}　{component.version or '入っていません'}"
    if not compared or component.name == DISTRIBUTION or component.locked == component.version:
        return name
    if not component.locked:
        return f"{name}（固定表にありません）"
    return f"{name}（固定表の {component.locked} と合いません）"


def _ground(reader_daemon: str, daemon_version: Callable[[str], str]) -> Iterator[str]:
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        system = "名前がわかりません"
    yield f"OS　{system}"
    yield f"カーネル　{platform.system()} {platform.release()}"
    yield f"Python　{platform.python_version()}"
    yield f"OpenSSL　{ssl.OPENSSL_VERSION.removeprefix('OpenSSL ')}"
    yield f"SQLite　{sqlite3.sqlite_version}"
    for package, title in _DAEMONS.items():
        if package != "pcscd" or reader_daemon:
            yield f"{title}　{daemon_version(package) or '版がわかりません'}"


def _debian_version(package: str) -> str:
    """Version of a Debian package; empty where it is not installed or this is no Debian."""
    try:
        answer = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}", package],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()

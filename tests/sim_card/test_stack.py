"""The virtual card behind the real pcscd, used by OpenSC from outside the namespace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hardware_sim.card import CardAuthority, CardSpec, CardStand, StandError
from hardware_sim.card.kinds import demonstration

pytestmark = pytest.mark.stack

DEADLINE_S = 30.0
CARD = CardSpec("card-1", serial=7, pin="4071")
LICENCE = CardSpec("licence", kind="driving_licence")


@pytest.fixture(scope="module")
def stand(authority_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardStand]:
    with CardStand(tmp_path_factory.mktemp("stand"), authority_dir) as started:
        started.register(CARD)
        started.register(LICENCE)
        for kind in ("juki", "phone", "felica"):
            started.register(demonstration(kind, kind))
        yield started


@pytest.fixture
def reader(stand: CardStand) -> Iterator[CardStand]:
    stand.set_tries("card-1", 3)
    stand.trace(clear=True)
    yield stand
    stand.slow(0)
    stand.pull_at(None)
    stand.mute(False)
    stand.remove()
    until(lambda: "No" in sees(stand))


def run(stand: CardStand, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=stand.client_environment(), capture_output=True, text=True, check=False, timeout=30
    )


def sees(stand: CardStand) -> str:
    """What the reader list says of the card: Yes, No, or nothing when pcscd is away."""
    lines = run(stand, "opensc-tool", "--list-readers").stdout.splitlines()
    return next((line.split()[1] for line in lines if line.startswith("0 ")), "")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def lay(stand: CardStand, card_id: str = "card-1") -> None:
    stand.insert(card_id)
    until(lambda: sees(stand) == "Yes")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that only waits to be collected by its parent is dead enough.
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def sign(stand: CardStand, pin: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "message").write_bytes(b"challenge of the city")
    return run(
        stand, "pkcs11-tool", "--module", "opensc-pkcs11.so", "--sign", "--login", "--pin", pin, "--id", "01",
        "-m", "SHA256-RSA-PKCS", "-i", str(folder / "message"), "-o", str(folder / "signature"),
    )  # fmt: skip


def test_opensc_claims_it(reader: CardStand) -> None:
    lay(reader)
    assert run(reader, "opensc-tool", "-n").stdout.strip() == "jpki"


def test_dump_and_certificate(reader: CardStand, authority: CardAuthority) -> None:
    lay(reader)
    dump = run(reader, "pkcs15-tool", "--dump").stdout
    for line in ("PKCS#15 Card [JPKI]", "User Authentication Key", "Digital Signature Certificate CA"):
        assert line in dump
    assert "Tries left     : 3" in dump
    read = run(reader, "pkcs15-tool", "--read-certificate", "1").stdout
    issued = x509.load_der_x509_certificate(authority.issue(7).certificate_der)
    assert x509.load_pem_x509_certificate(read.encode()) == issued


def test_signature(reader: CardStand, authority: CardAuthority, tmp_path: Path) -> None:
    lay(reader)
    assert sign(reader, "4071", tmp_path).returncode == 0
    key = x509.load_der_x509_certificate(authority.issue(7).certificate_der).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify((tmp_path / "signature").read_bytes(), b"challenge of the city", padding.PKCS1v15(), hashes.SHA256())


def test_wrong_pins_until_blocked(reader: CardStand, tmp_path: Path) -> None:
    lay(reader)
    for left in (2, 1, 0):
        assert sign(reader, "0000", tmp_path).returncode != 0
        assert reader.tries("card-1") == left
    assert sign(reader, "4071", tmp_path).returncode != 0
    assert "Tries left     : 0" in run(reader, "pkcs15-tool", "--dump").stdout


def test_the_licence_is_not_taken_for_a_my_number_card(reader: CardStand) -> None:
    lay(reader, "licence")
    assert "jpki" not in run(reader, "opensc-tool", "-n").stdout
    assert "3b:88:80:01:00:00:00:00:91:81:c1:00:d8" in run(reader, "opensc-tool", "--atr").stdout


@pytest.mark.parametrize(
    ("kind", "atr", "select", "status"),
    [
        ("juki", "3b:88:80:01:00:00:14:e0:b3:81:91:00:5e", "00A4040C0AF04B4F534B4A554B4901", "SW1=0x90, SW2=0x00"),
        ("phone", "3b:80:80:01:01", "00A4040C0AD392F000260100000001", "SW1=0x90, SW2=0x00"),
        ("felica", "3b:8f:80:01:80:4f:0c:a0:00:00:03:06:11:00:3b:00:00:00:00:42", "00A4040C00", "SW1=0x6E, SW2=0x00"),
    ],
)
def test_other_cards_as_pcsc_shows_them(reader: CardStand, kind: str, atr: str, select: str, status: str) -> None:
    lay(reader, kind)
    assert atr in run(reader, "opensc-tool", "--atr").stdout
    assert status in run(reader, "opensc-tool", "-c", "default", "-s", select).stdout


def mute(stand: CardStand) -> bool:
    """Whether pcscd has found a card that it cannot power."""
    asked = run(stand, sys.executable, "-c", STATE)
    return asked.stdout.strip() == "present mute"


STATE = """
import smartcard.scard as pcsc
_, context = pcsc.SCardEstablishContext(pcsc.SCARD_SCOPE_USER)
_, found = pcsc.SCardGetStatusChange(context, 0, [("Virtual PCD 00 00", pcsc.SCARD_STATE_UNAWARE)])
state = found[0][1]
print(*(["present"] if state & pcsc.SCARD_STATE_PRESENT else []), *(["mute"] if state & pcsc.SCARD_STATE_MUTE else []))
"""


@pytest.mark.parametrize("how", ["two at once", "mute"])
def test_a_card_that_cannot_be_powered(reader: CardStand, how: str) -> None:
    reader.mute(how == "mute")
    reader.insert("card-1", *(["licence"] if how == "two at once" else []))
    until(lambda: mute(reader))
    reader.mute(False)
    reader.remove()
    lay(reader)
    assert run(reader, "opensc-tool", "-n").stdout.strip() == "jpki"


def test_unplugged_and_back_with_the_card(reader: CardStand) -> None:
    lay(reader)
    reader.unplug()
    until(lambda: reader.status()["pcscd"])
    assert reader.status()["reader"] is False
    assert "No smart card readers" in run(reader, "opensc-tool", "--list-readers").stdout
    reader.plug()
    until(lambda: sees(reader) == "Yes")
    assert run(reader, "opensc-tool", "-n").stdout.strip() == "jpki"
    reader.unplug(down_ms=100)
    until(lambda: reader.status()["reader"] is True and sees(reader) == "Yes")


def test_pulled_at_the_signature(reader: CardStand, tmp_path: Path) -> None:
    lay(reader)
    reader.pull_at(0x2A)
    assert sign(reader, "4071", tmp_path).returncode != 0
    assert reader.status()["card"] is None
    until(lambda: sees(reader) == "No")


def test_swapped_in_no_time_is_another_card(reader: CardStand) -> None:
    lay(reader)
    reader.remove()
    reader.insert("licence")
    until(lambda: "91:81:c1" in run(reader, "opensc-tool", "--atr").stdout)


CLIENT = """
import smartcard.scard as pcsc
_, context = pcsc.SCardEstablishContext(pcsc.SCARD_SCOPE_USER)
_, card, protocol = pcsc.SCardConnect(
    context, "Virtual PCD 00 00", pcsc.SCARD_SHARE_EXCLUSIVE, pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1
)
print("connected", flush=True)
input()
result, _ = pcsc.SCardTransmit(card, pcsc.SCARD_PCI_T1, [0, 0xA4, 2, 0x0C, 2, 0, 0x18])
pcsc.SCardDisconnect(card, pcsc.SCARD_UNPOWER_CARD)
print(hex(result & 0xFFFFFFFF), flush=True)
input()
"""


def test_taken_from_a_client_and_laid_back_at_once(reader: CardStand) -> None:
    """pcscd itself would stay blind to a card that comes back before it has looked once more."""
    lay(reader)
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT],
        env=reader.client_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        assert client.stdout.readline() == "connected\n"
        reader.remove()
        print(file=client.stdin, flush=True)
        assert client.stdout.readline() == "0x80100016\n"  # SCARD_E_NOT_TRANSACTED, as from a real reader
        reader.insert("card-1")
        print(file=client.stdin, flush=True)
    until(lambda: sees(reader) == "Yes")


def test_pcscd_killed_and_back_with_the_card(reader: CardStand) -> None:
    lay(reader)
    before = reader.status()
    reader.kill_pcscd()
    reader.wait_pcscd(before["pcscd_restarts"] + 1)
    after = reader.status()
    assert after["pcscd_pid"] != before["pcscd_pid"]
    assert after["card"] == "card-1"
    until(lambda: sees(reader) == "Yes")
    assert run(reader, "opensc-tool", "-n").stdout.strip() == "jpki"


def test_nothing_of_it_listens_on_the_host(reader: CardStand) -> None:
    lay(reader)
    listening = subprocess.run(["ss", "-Hltun"], capture_output=True, text=True, check=True).stdout
    assert ":35963" not in listening
    assert ":35964" not in listening


def test_no_pin_in_any_argument_or_log(reader: CardStand, tmp_path: Path) -> None:
    lay(reader)
    sign(reader, "4071", tmp_path)
    pids = [reader.pid, reader.status()["pcscd_pid"]]
    for pid in pids:
        assert b"4071" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    logs = b"".join(path.read_bytes() for path in reader.run_dir.glob("*.log"))
    assert b"31323334" not in logs
    assert b"4071" not in logs
    assert b"34 30 37 31" not in logs


def test_stopping_leaves_nothing(authority_dir: Path, tmp_path: Path) -> None:
    stand = CardStand(tmp_path, authority_dir)
    stand.start()
    pids = [stand.pid, stand.status()["pcscd_pid"]]
    with pytest.raises(StandError, match="already"):
        stand.start()
    stand.stop()
    assert not any(alive(pid) for pid in pids)
    assert not stand.csock.exists()
    stand.start()  # and it can start again in the same folder
    stand.stop()


PARENT = """
import pathlib, sys, time
from hardware_sim.card import CardStand
stand = CardStand(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
stand.start()
print(stand.pid, stand.status()["pcscd_pid"], flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("victim", ["bench", "stand"])
def test_killed_without_warning_leaves_no_process(authority_dir: Path, tmp_path: Path, victim: str) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(authority_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bench:
        assert bench.stdout is not None
        pids = [int(word) for word in bench.stdout.readline().split()]
        assert len(pids) == 2
        os.kill(bench.pid if victim == "bench" else pids[0], signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in pids))
        bench.kill()


def test_just_the_card_from_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hardware_sim.card", "--run", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        line = demo.stdout.readline()
        assert line == f"export PCSCLITE_CSOCK_NAME={tmp_path}/pcscd/pcscd.comm\n"
        environment = {**os.environ, "PCSCLITE_CSOCK_NAME": f"{tmp_path}/pcscd/pcscd.comm"}

        def claimed() -> bool:
            done = subprocess.run(
                ["opensc-tool", "-n"], env=environment, capture_output=True, text=True, check=False, timeout=30
            )
            return done.stdout.strip() == "jpki"

        until(claimed)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=DEADLINE_S) == 0

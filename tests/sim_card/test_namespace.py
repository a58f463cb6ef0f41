"""What a user is told when the machine cannot run the virtual card."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hardware_sim.card.bench import CardStand
from hardware_sim.card.namespace import StandError, find_tools, forbidden_reason, unshare_command


def test_missing_packages_are_named(tmp_path: Path) -> None:
    with pytest.raises(StandError) as caught:
        find_tools(which=lambda _name: None, root=tmp_path)
    assert "sudo apt-get install iproute2 pcscd util-linux vsmartcard-vpcd" in str(caught.value)


def test_only_the_missing_one_is_named(tmp_path: Path) -> None:
    driver = tmp_path / "usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    driver.parent.mkdir(parents=True)
    driver.touch()
    with pytest.raises(StandError) as caught:
        find_tools(which=lambda name: None if name == "pcscd" else "/bin/true", root=tmp_path)
    assert str(caught.value).endswith("install pcscd")


@pytest.mark.parametrize(
    ("setting", "value", "cure"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=1000"),
        ("user/max_user_namespaces", "63000", "container"),
    ],
)
def test_forbidden_namespaces_come_with_a_cure(tmp_path: Path, setting: str, value: str, cure: str) -> None:
    path = tmp_path / setting
    path.parent.mkdir(parents=True)
    path.write_text(value + "\n")
    assert cure in forbidden_reason(tmp_path)


def test_refusal_is_noticed_before_anything_starts(tmp_path: Path) -> None:
    refused = shutil.which("false")
    assert refused is not None
    driver = tmp_path / "usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    driver.parent.mkdir(parents=True)
    driver.touch()
    tools = find_tools(which=lambda _name: refused, root=tmp_path)
    for euid in (0, 1000):
        with pytest.raises(StandError, match="needs a namespace of its own"):
            unshare_command(tools, euid)


def test_a_folder_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StandError, match="shorter run folder"):
        CardStand(tmp_path / ("x" * 100)).start()


def test_asking_a_stand_that_does_not_run(tmp_path: Path) -> None:
    stand = CardStand(tmp_path)
    with pytest.raises(StandError, match="start"):
        stand.insert("card-1")
    stand.stop()

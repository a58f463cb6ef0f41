"""Secrets and folders come from the service manager or not at all."""

from pathlib import Path
from typing import Any, cast

import pytest

from config.errors import ConfigError
from config.secrets import CREDENTIALS, credential, runtime_directory, state_directory


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


def test_a_credential_is_read_byte_for_byte(folder: Path) -> None:
    (folder / "centre.pin").write_bytes(b"\x00\xffpin\n")
    assert credential("centre.pin") == b"\x00\xffpin\n"


def test_only_the_fixed_names_exist(folder: Path) -> None:
    (folder / "passwd").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"not a credential; there are camera-login, centre\.pin"):
        credential(cast("Any", "passwd"))
    assert len(CREDENTIALS) == 8


def test_a_missing_or_empty_credential_says_what_to_do(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"terminal.key: cannot be read \(No such file.*LoadCredential=terminal.key"):
        credential("terminal.key")
    (folder / "terminal.key").write_bytes(b"")
    with pytest.raises(ConfigError, match="is empty"):
        credential("terminal.key")


def test_without_the_service_manager_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError, match=r"\$CREDENTIALS_DIRECTORY: is not set"):
        credential("centre.pin")
    with pytest.raises(ConfigError, match=r"\$STATE_DIRECTORY: is not set: start the unit with StateDirectory="):
        state_directory()
    with pytest.raises(ConfigError, match=r"\$RUNTIME_DIRECTORY"):
        runtime_directory()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    assert state_directory() == runtime_directory() == tmp_path


@pytest.mark.parametrize("value", ["relative", "/no/such/folder", "/tmp:/var"])
def test_a_folder_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", value)
    with pytest.raises(ConfigError, match="is not one existing folder"):
        state_directory()

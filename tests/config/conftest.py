"""Machine and profile files of the tests, as they are or with one thing changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

import config
from config.load import load
from config.schema import Settings

HERE = Path(__file__).parent
Change = tuple[str, str]


def _changed(text: str, changes: tuple[Change, ...]) -> str:
    for old, new in changes:
        assert old in text, f"the file has no {old!r} to change"
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def machine_file() -> Path:
    return HERE / "machine.toml"


@pytest.fixture
def settings(machine_file: Path) -> Settings:
    return load(machine_file)


@pytest.fixture
def machine_with(tmp_path: Path, machine_file: Path) -> Callable[..., Path]:
    """The tests' machine file with texts replaced."""

    def write(*changes: Change) -> Path:
        file = tmp_path / "machine.toml"
        file.write_text(_changed(machine_file.read_text(), changes))
        return file

    return write


@pytest.fixture
def profile_with(tmp_path: Path, machine_with: Callable[..., Path]) -> Callable[..., Path]:
    """A machine file that names a copy of Saga's profile with texts replaced."""

    def write(*changes: Change) -> Path:
        packaged = Path(config.__file__).with_name("saga.toml")
        (tmp_path / "town.toml").write_text(_changed(packaged.read_text(), changes))
        return machine_with(('profile = "saga"', 'profile = "town.toml"'))

    return write


@pytest.fixture
def national_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The shipped national settings with texts replaced, for this test only."""

    def write(*changes: Change) -> None:
        packaged = Path(config.__file__).with_name("national.toml")
        file = tmp_path / "national.toml"
        file.write_text(_changed(packaged.read_text(), changes))
        monkeypatch.setattr("config.load._NATIONAL_FILE", file)

    return write

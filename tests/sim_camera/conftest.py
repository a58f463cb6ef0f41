"""A folder whose name is short enough for a Unix socket in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short() -> Iterator[Callable[[], Path]]:
    made: list[Path] = []

    def one() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="cam-")))
        return made[-1]

    yield one
    for folder in made:
        shutil.rmtree(folder)

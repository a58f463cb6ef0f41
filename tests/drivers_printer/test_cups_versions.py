"""What is added to the queue's PPD depends on whether this CUPS hands print-scaling on by itself."""

from __future__ import annotations

import pytest

from drivers.cups_queue import our_lines


@pytest.mark.parametrize(
    ("version", "added"),
    [("2.4.2", True), ("2.4.7", True), ("2.4.8", False), ("2.4.10", False), ("2.4.10op1", False), ("2.5.0", False),
     ("2.3.3op2", True), ("", True)],
)  # fmt: skip
def test_scaling_is_asked_for_once(version: str, added: bool) -> None:
    assert any("print-scaling" in line for line in our_lines(version)) is added
    assert any("application/pdf 0 -" in line for line in our_lines(version)), "the verified bytes go unchanged"

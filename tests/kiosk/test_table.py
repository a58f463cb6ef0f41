"""The table is complete, and drawn as its own theory text says."""

from __future__ import annotations

import pytest

from kiosk import machine
from kiosk.events import Event
from kiosk.session import State


def test_every_state_has_a_row() -> None:
    assert set(machine.TABLE) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_row_covers_every_event(state: State) -> None:
    row = machine.TABLE[state]
    assert set(row) == set(machine.EVENTS), {event.__name__ for event in set(machine.EVENTS) ^ set(row)}


def test_every_event_class_is_in_the_union() -> None:
    import kiosk.events as module

    classes = {
        cls
        for cls in vars(module).values()
        if isinstance(cls, type) and cls.__module__ == module.__name__ and hasattr(cls, "__dataclass_fields__")
    }
    parts = {module.CopyFacts, module.CertificateFacts, module.DeviceMark, module.Credit, module.Member}
    parts |= {module.RecorderFacts, module.KeyEntry}
    assert classes - parts == set(machine.EVENTS)
    assert Event is not None


def test_every_answer_is_recognised_by_its_order_number() -> None:
    numbered = {event for event in machine.EVENTS if "order" in event.__dataclass_fields__}
    assert numbered == machine.ANSWERS


def test_every_state_is_in_the_theory_text() -> None:
    text = machine.__doc__ or ""
    choosing = {state for state in State if state.name.startswith("CHOOSING_")}
    at_rest = {State.CLOSED, State.OUT_OF_SERVICE, State.CLEARING}
    for state in set(State) - choosing - at_rest:
        assert state.name in text, state

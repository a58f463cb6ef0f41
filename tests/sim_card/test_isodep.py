"""The card's half of ISO/IEC 14443-4, block by block, by the rules and scenarios of the standard."""

from __future__ import annotations

import pytest

from hardware_sim.card.isodep import Blocks, Command, Deselected, waiting_time_s


def h(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.fixture
def card() -> Blocks:
    return Blocks(reader_frame=256, card_frame=256, cid=0)


def command(card: Blocks, block: str) -> bytes:
    """The APDU of a block that completes one."""
    outcome = card.receive(h(block))
    assert isinstance(outcome, Command)
    return outcome.apdu


def test_block_numbers_alternate(card: Blocks) -> None:
    for number in (0, 1, 0):
        assert command(card, f"0{2 + number}00A40000") == h("00A40000")
        assert card.respond(h("9000")) == h(f"0{2 + number}9000")


def test_a_number_sent_twice_is_not_carried_out_twice(card: Blocks) -> None:
    command(card, "0200200080")
    card.respond(h("63C2"))
    assert card.receive(h("0200200080")) is None
    assert card.receive(h("B2")) == h("0263C2")  # what a reader asks that missed the answer


def test_a_chained_command_is_acknowledged_part_by_part(card: Blocks) -> None:
    assert card.receive(h("12 00A4")) == h("A2")
    assert card.receive(h("13 040C")) == h("A3")
    assert command(card, "02 0102") == h("00A4040C0102")
    assert card.respond(h("9000")) == h("029000")


def test_a_lost_acknowledgement_is_repeated(card: Blocks) -> None:
    assert card.receive(h("12 00A4")) == h("A2")
    assert card.receive(h("B2")) == h("A2")  # rule 11
    assert command(card, "03 0400") == h("00A40400")


def test_a_lost_part_is_asked_for_again(card: Blocks) -> None:
    """The reader sent 12 00A4, it never came: R(NAK) with its number gets R(ACK) with the other one, and it repeats."""
    assert card.receive(h("B2")) == h("A3")  # rule 12
    assert card.receive(h("12 00A4")) == h("A2")


def test_a_long_answer_goes_in_parts(card: Blocks) -> None:
    small = Blocks(reader_frame=16, card_frame=256, cid=0)
    command(small, "0200B00000")
    content = bytes(range(30))
    assert small.respond(content) == h("12") + content[:13]
    assert small.receive(h("A2")) == h("12") + content[:13]  # R(ACK) with the same number: it never arrived
    assert small.receive(h("A3")) == h("13") + content[13:26]
    assert small.receive(h("B3")) == h("13") + content[13:26]  # R(NAK) likewise
    assert small.receive(h("03 00B00000")) is None  # a reader does not break into a chain
    assert small.receive(h("A2")) == h("02") + content[26:]
    assert small.receive(h("A3")) is None  # there is no more
    assert command(small, "03 00") == h("00")


def test_an_answer_that_fits_exactly_is_one_block(card: Blocks) -> None:
    command(card, "0200B00000")
    assert card.respond(bytes(253)) == h("02") + bytes(253)
    command(card, "0300B00000")
    assert card.respond(bytes(254)) == h("13") + bytes(253)
    assert card.receive(h("A2")) == h("0200")


def test_presence_is_answered_at_any_time(card: Blocks) -> None:
    assert card.receive(h("B2")) == h("A3")
    command(card, "0200")
    card.respond(h("9000"))
    assert card.receive(h("B3")) == h("A2")
    assert card.receive(h("03")) == h("03")  # the empty block of the standard's other method
    assert command(card, "0200") == h("00")


def test_more_time_is_asked_and_granted(card: Blocks) -> None:
    command(card, "0200")
    assert card.receive(h("B2")) is None  # it thinks, and does not listen
    assert card.extend(2) == h("F202")
    assert card.extension_asked
    assert card.receive(h("B2")) == h("F202")  # the request was lost
    assert card.receive(h("F203")) is None  # the reader grants what was asked for, nothing else
    assert card.extension_asked
    assert card.receive(h("F202")) is None
    assert not card.extension_asked
    assert card.respond(h("9000")) == h("029000")
    assert card.receive(h("F202")) is None  # nobody asked
    with pytest.raises(ValueError, match="1 to 59"):
        card.extend(60)


def test_deselected(card: Blocks) -> None:
    assert card.receive(h("C2")) == Deselected(h("C2"))


def test_a_card_with_a_number_listens_to_that_number() -> None:
    card = Blocks(reader_frame=256, card_frame=256, cid=5)
    assert card.receive(h("02 00")) is None
    assert card.receive(h("0A06 00")) is None
    assert command(card, "0A05 00") == h("00")
    assert card.respond(bytes(253)) == h("1A05") + bytes(252)
    assert card.receive(h("AB05")) == h("0B0500")
    assert card.receive(h("CA05")) == Deselected(h("CA05"))
    without = Blocks(reader_frame=256, card_frame=256, cid=None)
    assert without.receive(h("0A00 00")) is None
    assert command(without, "02 00") == h("00")


def test_number_zero_is_spoken_to_either_way(card: Blocks) -> None:
    assert command(card, "0A00 00") == h("00")
    assert card.respond(h("9000")) == h("0A009000")
    assert command(card, "03 00") == h("00")
    assert card.respond(h("9000")) == h("039000")


@pytest.mark.parametrize("block", ["", "06 00 00", "E0", "42 00", "22 00", "A2 00", "A6", "C2 00", "D2", "F2", "0A"])
def test_what_no_reader_may_send_meets_silence(card: Blocks, block: str) -> None:
    assert card.receive(h(block)) is None
    assert command(card, "02 00") == h("00")  # and leaves no trace


def test_a_frame_longer_than_announced_is_not_heard() -> None:
    card = Blocks(reader_frame=256, card_frame=16, cid=0)
    assert card.receive(h("02") + bytes(14)) is None
    assert isinstance(card.receive(h("02") + bytes(13)), Command)


def test_a_command_without_end_is_dropped(card: Blocks) -> None:
    answers = {card.receive(h(f"1{2 + number % 2}") + bytes(253)) for number in range(300)}
    assert None in answers


def test_waiting_time() -> None:
    assert waiting_time_s(10) == pytest.approx(0.309, abs=0.001)

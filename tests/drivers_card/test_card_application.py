from __future__ import annotations

import pytest

from drivers.apdu import CardDamaged, Channel
from drivers.card_application import CardApplication, CertificateLocked
from kiosk import errors
from kiosk.events import CardKind

IDENTIFY = "identify my number card"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (IDENTIFY, CardKind.MY_NUMBER),
        ("identify juki card", CardKind.JUKI),
        ("identify android phone", CardKind.PHONE),
        ("identify iphone", CardKind.PHONE),
        ("identify unknown token", CardKind.UNKNOWN),
        ("identify card without the application", CardKind.UNKNOWN),
    ],
)
def test_the_token_tells_the_kind(card, dialogue, name: str, kind: CardKind) -> None:
    scripted = card(dialogue(name))
    assert CardApplication(Channel(scripted)).identify() is kind
    assert not scripted.steps


def test_the_label_may_be_padded_with_zeros(card, dialogue) -> None:
    steps = dialogue(IDENTIFY)
    steps[2] = (steps[2][0], b"JPKIAPICCTOKEN2".ljust(32, b"\0").hex() + "9000")
    assert CardApplication(Channel(card(steps))).identify() is CardKind.MY_NUMBER


@pytest.mark.parametrize("status", ["6D00", "6E00", "6A81", "6985", "6F00"])
def test_a_card_that_refuses_the_application_is_unknown(card, dialogue, status: str) -> None:
    scripted = card([(dialogue(IDENTIFY)[0][0], status)])
    assert CardApplication(Channel(scripted)).identify() is CardKind.UNKNOWN


def test_a_memory_failure_is_a_damaged_card(card, dialogue) -> None:
    with pytest.raises(CardDamaged):
        CardApplication(Channel(card([(dialogue(IDENTIFY)[0][0], "6581")]))).identify()


def test_the_certificate_is_read_by_its_own_length(card, dialogue, golden) -> None:
    scripted = card(dialogue("read certificate"))
    assert CardApplication(Channel(scripted)).certificate().hex().upper() == golden["certificate"]
    assert not scripted.steps


def test_a_refused_length_falls_back_to_smaller_chunks(card, golden) -> None:
    whole = bytes.fromhex(golden["certificate"])
    steps = [("00A4020C02000A", "9000"), ("00B0000000", "6700"), ("00B00000F0", "6700")]
    for offset in range(0, len(whole), 0x80):
        part = whole[offset : offset + 0x80]
        steps.append((f"00B0{offset:04X}{len(part):02X}", part.hex() + "9000"))
    scripted = card(steps)
    assert CardApplication(Channel(scripted)).certificate() == whole
    assert not scripted.steps


def test_short_parts_and_the_end_of_file_warning_are_accepted(card, golden) -> None:
    whole = bytes.fromhex("3081FD" + "AB" * 253)  # 256 bytes
    scripted = card([
        ("00A4020C02000A", "9000"),
        ("00B0000000", whole[:200].hex() + "9000"), ("00B000C838", whole[200:].hex() + "6282"),
    ])  # fmt: skip
    assert CardApplication(Channel(scripted)).certificate() == whole


@pytest.mark.parametrize("head", ["FFFFFFFF", "00000000", "3082FFFF", "3080ABCD", "3083", ""])
def test_filler_is_not_taken_for_a_certificate(card, head: str) -> None:
    scripted = card([("00A4020C02000A", "9000"), ("00B0000000", head + "9000")] + [
        (f"00B0{i:02X}0000", "AB" * 256 + "9000") for i in range(5)
    ])  # fmt: skip
    with pytest.raises(errors.ProtocolViolation):
        CardApplication(Channel(scripted)).certificate()
    assert len(scripted.sent) == 2


@pytest.mark.parametrize(("answer", "why"), [("6282", "ends early"), ("9000", "ends early"),
                                             ("00" * 5 + "9000", "more data")])  # fmt: skip
def test_a_certificate_that_ends_early_or_late_is_refused(card, answer: str, why: str) -> None:
    scripted = card([
        ("00A4020C02000A", "9000"), ("00B0000000", "30820100" + "AB" * 252 + "9000"),
        ("00B0010004", answer),
    ])  # fmt: skip
    with pytest.raises(errors.ProtocolViolation, match=why):
        CardApplication(Channel(scripted)).certificate()


def test_a_certificate_behind_a_pin_is_a_case_of_its_own(card, dialogue) -> None:
    with pytest.raises(CertificateLocked):
        CardApplication(Channel(card(dialogue("certificate locked on a phone")))).certificate()


@pytest.mark.parametrize("count", [3, 1, 0])
def test_the_tries_are_asked_with_a_command_of_four_bytes(card, dialogue, count: int) -> None:
    scripted = card(dialogue(f"tries left {count}"))
    assert CardApplication(Channel(scripted)).tries_left() == count
    assert scripted.sent[-1] == "00200080"


@pytest.mark.parametrize("status", ["6983", "6984"])
def test_a_blocked_card_has_no_tries(card, status: str) -> None:
    scripted = card([("00A4020C020018", "9000"), ("00200080", status)])
    assert CardApplication(Channel(scripted)).tries_left() == 0


@pytest.mark.parametrize("status", ["9000", "63CF", "6300", "6C04"])
def test_no_count_is_made_up(card, status: str) -> None:
    scripted = card([("00A4020C020018", "9000"), ("00200080", status)])
    with pytest.raises(errors.ProtocolViolation):
        CardApplication(Channel(scripted)).tries_left()
    assert len(scripted.sent) == 2


def verified(card, dialogue, name: str):
    scripted = card(dialogue(IDENTIFY, name))
    application = CardApplication(Channel(scripted))
    application.identify()
    return application, scripted


def test_the_right_pin_opens_and_its_command_is_wiped(card, dialogue) -> None:
    application, scripted = verified(card, dialogue, "verify right")
    pin = bytearray(b"1234")
    application.verify(pin)
    assert scripted.sent[-1] == "002000800431323334"
    assert application.verify_sent
    assert not any(scripted.kept[-1])
    assert pin == b"1234"  # the buffer belongs to the caller


@pytest.mark.parametrize(("name", "left"), [("verify wrong, two left", 2), ("verify wrong, one left", 1)])
def test_a_wrong_pin_tells_the_tries_left_and_is_wiped(card, dialogue, name: str, left: int) -> None:
    application, scripted = verified(card, dialogue, name)
    with pytest.raises(errors.PinRejected) as caught:
        application.verify(bytearray(b"1234"))
    assert caught.value.tries_left == left
    assert not any(scripted.kept[-1])


@pytest.mark.parametrize(
    "name", ["verify wrong, that was the last", "verify blocked before, 6984", "verify blocked before, 6983"]
)
def test_a_blocked_pin_is_an_error_of_its_own(card, dialogue, name: str) -> None:
    application, _ = verified(card, dialogue, name)
    with pytest.raises(errors.CardBlocked):
        application.verify(bytearray(b"1234"))


def test_a_card_pulled_during_verify_leaves_it_marked_as_sent(card, dialogue) -> None:
    steps = dialogue(IDENTIFY, "verify right")
    steps[-1] = (steps[-1][0], errors.CardRemoved("gone"))
    scripted = card(steps)
    application = CardApplication(Channel(scripted))
    application.identify()
    with pytest.raises(errors.CardRemoved):
        application.verify(bytearray(b"1234"))
    assert application.verify_sent
    assert not any(scripted.kept[-1])


def test_a_card_pulled_before_verify_leaves_it_unsent(card, dialogue) -> None:
    steps = dialogue(IDENTIFY, "verify right")
    steps[-2] = (steps[-2][0], errors.CardRemoved("gone"))
    application = CardApplication(Channel(card(steps)))
    application.identify()
    with pytest.raises(errors.CardRemoved):
        application.verify(bytearray(b"1234"))
    assert not application.verify_sent


def test_verify_is_sent_at_most_once(card, dialogue) -> None:
    application, scripted = verified(card, dialogue, "verify wrong, two left")
    with pytest.raises(errors.PinRejected):
        application.verify(bytearray(b"1234"))
    sent = len(scripted.sent)
    with pytest.raises(errors.CardError, match="only once"):
        application.verify(bytearray(b"1234"))
    assert len(scripted.sent) == sent


@pytest.mark.parametrize(
    "name",
    ["identify juki card", "identify android phone", "identify iphone", "identify unknown token",
     "identify card without the application"],
)  # fmt: skip
def test_no_pin_goes_to_any_other_card(card, dialogue, name: str) -> None:
    scripted = card(dialogue(name))
    application = CardApplication(Channel(scripted))
    application.identify()
    with pytest.raises(errors.CardUnknown):
        application.verify(bytearray(b"1234"))
    assert not any(command.startswith("0020") for command in scripted.sent)


@pytest.mark.parametrize("pin", [b"", b"123", b"12345", b"12a4", b"\0\0\0\0"])
def test_anything_but_four_digits_never_leaves(card, dialogue, pin: bytes) -> None:
    scripted = card([*dialogue(IDENTIFY), ("00A4020C020018", "9000")])
    application = CardApplication(Channel(scripted))
    application.identify()
    with pytest.raises(ValueError, match="four digits"):
        application.verify(bytearray(pin))
    assert not application.verify_sent


def test_the_message_is_hashed_and_signed(card, dialogue, golden) -> None:
    scripted = card(dialogue("sign"))
    signature = CardApplication(Channel(scripted)).sign(bytes.fromhex(golden["message"]))
    assert signature.hex().upper() == golden["signature"]
    assert not scripted.steps


def test_signing_without_verify_is_an_error(card, dialogue, golden) -> None:
    with pytest.raises(errors.ProtocolViolation, match="6982"):
        CardApplication(Channel(card(dialogue("sign without verify")))).sign(bytes.fromhex(golden["message"]))


def test_a_signature_of_another_length_is_refused(card, dialogue, golden) -> None:
    steps = dialogue("sign")
    steps[-1] = (steps[-1][0], "AB" * 128 + "9000")
    with pytest.raises(errors.ProtocolViolation, match="128 bytes"):
        CardApplication(Channel(card(steps))).sign(bytes.fromhex(golden["message"]))

"""The JPKI application, spoken to in bytes as OpenSC and the public tools speak to a real card."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware_sim.card.kinds import CardSpec, build
from hardware_sim.card.model import JpkiCard
from hardware_sim.card.pki import CardAuthority, Purpose

Send = Callable[[str], str]

SELECT_AP = "00A4040C0AD392F000260100000001"
AUTH_PIN, SIGN_PASSWORD = "00A4020C020018", "00A4020C02001B"
AUTH_KEY, SIGN_KEY = "00A4020C020017", "00A4020C02001A"
RIGHT = "0020008004" + b"4071".hex()
WRONG = "0020008004" + b"0000".hex()
RIGHT_PASSWORD = "0020008008" + b"PASSW0RD".hex()
STATUS = "00200080"
SHA256_PREFIX = "3031300D060960864801650304020105000420"


def sign_command(digest_info: str) -> str:
    return f"802A0080{len(digest_info) // 2:02X}{digest_info}00"


def digest_info(message: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(message)
    return SHA256_PREFIX + digest.finalize().hex()


def read_file(send: Send, ef: str) -> bytes:
    """As OpenSC reads: the DER length from the first four bytes, then blocks of 256, the last one exact."""
    assert send("00A4020C02" + ef) == "9000"
    head = send("00B0000004")
    assert head.endswith("9000")
    total = int(head[4:8], 16) + 4
    content = b""
    while len(content) < total:
        wanted = min(256, total - len(content))
        answer = bytes.fromhex(send(f"00B0{len(content):04X}{wanted % 256:02X}"))
        assert answer[-2:] == b"\x90\x00"
        content += answer[:-2]
    return content


# OpenSC 0.23's other drivers ask these before the jpki driver gets its turn.
PROBES = [
    "00A4040007627601FF000000",
    "00A4040006A00000000101",
    "00A404000BE82B0601040181C31F020100",
    "00A4040C0FD23300000045737445494420763335",
    "00A4040009A0000003080000100000",
    "00A4040C07A000000116DB0000",
    "00A4040C07A000000079100000",
    *(f"00A4040C07A00000007901{last:02X}00" for last in range(16)),
    "00A404000CF276A288BCFBA69D34F31001",
    "00A4040009A0000003974254465900",
    "00A4040006D2760001240100",
]


@pytest.mark.parametrize("probe", PROBES)
def test_unknown_applications_are_not_found(send: Send, probe: str) -> None:
    assert send(probe) == "6A82"


@pytest.mark.parametrize("probe", ["00CADF3005", "00CB3FFF035C017E08"])
def test_other_instructions_are_unknown(send: Send, probe: str) -> None:
    assert send(probe) == "6D00"


def test_unknown_class(send: Send) -> None:
    assert send("90CA000000") == "6E00"


def test_token_type_is_that_of_a_plastic_card(send: Send) -> None:
    assert send(SELECT_AP) == "9000"
    assert send("00A4020C020006") == "9000"
    assert bytes.fromhex(send("00B0000020"))[:32] == b"JPKIAPICCTOKEN2".ljust(32)
    whole = bytes.fromhex(send("00B0000000"))[:-2]
    assert len(whole) == 160
    assert whole[116:124] == bytes.fromhex("0000001000000006")  # longest PIN 16, shortest 6


def test_both_certificates_are_announced(send: Send) -> None:
    send(SELECT_AP)
    send("00A4020C020008")
    assert send("00B0000003") == "8F8F009000"


def test_files_need_the_application(send: Send) -> None:
    assert send("00A4020C02000A") == "6A82"
    assert send("00B0000004") == "6986"
    assert send(STATUS) == "6986"


def test_auth_certificate_and_ca_are_free(send: Send, authority: CardAuthority) -> None:
    send(SELECT_AP)
    assert read_file(send, "000A") == authority.issue(7).certificate_der
    assert read_file(send, "000B") == authority.auth_ca_certificate_der
    assert read_file(send, "0002") == authority.sign_ca_certificate_der


def test_signing_certificate_needs_its_password(send: Send, authority: CardAuthority) -> None:
    send(SELECT_AP)
    assert send("00A4020C020001") == "9000"
    assert send("00B0000004") == "6982"
    send(AUTH_PIN)
    assert send(RIGHT) == "9000"
    send("00A4020C020001")
    assert send("00B0000004") == "6982"  # the other PIN does not open it
    send(SIGN_PASSWORD)
    assert send(STATUS) == "63C5"
    assert send(RIGHT_PASSWORD) == "9000"
    assert read_file(send, "0001") == authority.issue(7, purpose=Purpose.SIGN).certificate_der


def test_reading_past_the_certificate(send: Send, authority: CardAuthority) -> None:
    send(SELECT_AP)
    send("00A4020C02000A")
    length = len(authority.issue(7).certificate_der)
    filler = send(f"00B0{length:04X}00")
    assert filler.endswith("9000")
    assert len(filler) > 4  # the file is longer than the certificate
    assert send(f"00B0{length:04X}F0").endswith("6282")
    assert send("00B07FFF01") == "6B00"
    assert send("00B0810004") == "6A86"


def test_extended_length_reads_the_file_at_once(send: Send, authority: CardAuthority) -> None:
    send(SELECT_AP)
    send("00A4020C02000A")
    whole = bytes.fromhex(send("00B00000000000"))
    assert whole.startswith(authority.issue(7).certificate_der)
    assert whole[-2:] == b"\x90\x00"


def test_asking_for_the_tries_left_costs_none(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    assert [send(STATUS) for _ in range(5)] == ["63C3"] * 5
    assert send(RIGHT) == "9000"
    assert send(STATUS) == "63C3"  # never 9000, not even when verified


def test_wrong_pin_counts_down_to_blocked(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    assert [send(WRONG) for _ in range(4)] == ["63C2", "63C1", "63C0", "6984"]
    assert send(STATUS) == "63C0"
    assert send(RIGHT) == "6984"


def test_right_pin_restores_the_counter(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    assert send(WRONG) == "63C2"
    assert send(WRONG) == "63C1"
    assert send(RIGHT) == "9000"
    assert send(WRONG) == "63C2"


@pytest.mark.parametrize("command", ["0020008000", "0020008003343037", "00200080053430373100"])
def test_a_pin_of_another_length_costs_a_try(send: Send, command: str) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    assert send(command) == "63C2"


def test_wrong_pin_ends_an_earlier_right_one(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(RIGHT)
    send(WRONG)
    send(AUTH_KEY)
    assert send(sign_command(digest_info(b"x"))) == "6982"


def test_counter_survives_power_and_reset_but_pin_state_does_not(send: Send, card: JpkiCard) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(WRONG)
    card.deactivate()
    card.activate()
    assert send(STATUS) == "6986"
    send(SELECT_AP)
    send(AUTH_PIN)
    assert send(STATUS) == "63C2"
    assert send(RIGHT) == "9000"
    card.activate()
    send(SELECT_AP)
    send(AUTH_KEY)
    assert send(sign_command(digest_info(b"x"))) == "6982"


def test_selecting_the_application_again_logs_out(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(RIGHT)
    send(SELECT_AP)
    send(AUTH_KEY)
    assert send(sign_command(digest_info(b"x"))) == "6982"


def test_a_failed_select_keeps_the_selection(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    assert send("00A4020C02FFFF") == "6A82"
    assert send("00A4040006A00000000101") == "6A82"
    assert send(STATUS) == "63C3"


def public_key(certificate_der: bytes) -> RSAPublicKey:
    key = x509.load_der_x509_certificate(certificate_der).public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def test_signature_verifies_under_the_certificate(send: Send, authority: CardAuthority) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(RIGHT)
    send(AUTH_KEY)
    answer = bytes.fromhex(send(sign_command(digest_info(b"challenge"))))
    assert answer[256:] == b"\x90\x00"
    public_key(authority.issue(7).certificate_der).verify(
        answer[:256], b"challenge", padding.PKCS1v15(), hashes.SHA256()
    )


@pytest.mark.parametrize("length", [1, 51, 245])
def test_input_is_padded_as_given(send: Send, authority: CardAuthority, length: int) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(RIGHT)
    send(AUTH_KEY)
    given_input = bytes(range(length))
    answer = bytes.fromhex(send(sign_command(given_input.hex())))
    numbers = public_key(authority.issue(7).certificate_der).public_numbers()
    block = pow(int.from_bytes(answer[:256], "big"), numbers.e, numbers.n).to_bytes(256, "big")
    assert block == b"\x00\x01" + b"\xff" * (253 - length) + b"\x00" + given_input


def test_signing_key_needs_its_own_password(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(RIGHT)
    send(SIGN_KEY)
    assert send(sign_command(digest_info(b"x"))) == "6982"
    send(SIGN_PASSWORD)
    send(RIGHT_PASSWORD)
    send(SIGN_KEY)
    assert send(sign_command(digest_info(b"x"))).endswith("9000")


def test_signature_commands_that_are_refused(send: Send) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(RIGHT)
    assert send(sign_command("00")) == "6986"  # the current file is no key
    send(AUTH_KEY)
    assert send(sign_command("00" * 246)) == "6700"
    assert send("802A008000") == "6700"
    assert send("802A0180" + "0100" + "00") == "6A86"
    assert send("802A0080" + "0100" + "80") == "6C00"
    assert send("002A9E9A" + "0100" + "00") == "6D00"


def test_changing_the_pin_is_refused(send: Send, card: JpkiCard) -> None:
    send(SELECT_AP)
    send(AUTH_PIN)
    send(RIGHT)
    assert send("0024018004" + b"1111".hex()) == "6985"
    card.activate()
    send(SELECT_AP)
    send(AUTH_PIN)
    assert send(RIGHT) == "9000"


@pytest.mark.parametrize("aid", ["D3921000310001010402", "D3921000310001010408"])
def test_surface_applications_show_nothing(send: Send, aid: str) -> None:
    assert send("00A4040C0A" + aid) == "9000"
    assert send("00A4020C020001") == "6A82"
    assert send("00B0000004") == "6986"
    assert send(RIGHT) == "6986"


def test_what_is_the_readers_to_answer_the_card_refuses(send: Send) -> None:
    assert send("FFCA000000") == "6E00"


def test_the_licence_knows_no_application(authority: CardAuthority) -> None:
    licence = build(CardSpec("licence", kind="driving_licence"), authority)
    for command in (SELECT_AP, "00A4020C02000A", "00B0000004", STATUS, ""):
        assert licence.exchange(bytes.fromhex(command)) == b"\x6a\x82"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([bytes.fromhex(c) for c in (SELECT_AP, AUTH_PIN, AUTH_KEY, STATUS, "00A4020C02000A")]),
            st.builds(
                lambda head, tail: bytes.fromhex(head) + tail,
                st.sampled_from(["00A4", "00B0", "0020", "0024", "802A", "FFCA"]),
                st.binary(min_size=2, max_size=20),
            ),
        ),
        max_size=8,
    )
)
def test_the_card_always_answers(card: JpkiCard, commands: list[bytes]) -> None:
    for command in commands:
        answer = card.exchange(command)
        assert len(answer) >= 2
        assert answer[-2] in {0x61, 0x62, 0x63, *range(0x67, 0x70), 0x90}
        assert answer[-2:] != b"\x6f\x00"  # nothing inside went wrong


def test_secrets_stay_out_of_repr(card: JpkiCard) -> None:
    assert "4071" not in repr(card) + repr(card.__dict__)

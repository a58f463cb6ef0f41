"""Camera and recorder in the machine file: what is taken, what is refused and in which words."""

from collections.abc import Callable
from pathlib import Path

import pytest

import config
from config.errors import ConfigError
from config.footage import Stream, slots_for
from config.load import load
from config.schema import Machine
from config.secrets import camera_source, recorder_kek

EXAMPLE = Path(config.__file__).with_name("machine.example.toml")
SECTIONS = """[camera]
source = "http://127.0.0.1:9000/camera"
width = 640
height = 360
fps = 10
max_kbit_s = 200
zone = [[0, 0], [1, 0], [1, 1], [0, 1]]
shows_keypad_or_screen = false

[recorder]
video = "/run/test/video"
slot_kib = 256
slots = 64
marks = "/run/test/marks.sock"
status = "/run/test/kiosk.sock"

"""

# (what to replace in SECTIONS, by what, key named, words of the message)
FAULTS = [
    ('source = "http://127.0.0.1:9000/camera"', "", "camera.source", "is missing"),
    ('source = "http', 'source = "onvif', "camera.source", "is no kind of camera"),
    ("127.0.0.1:9000", "127.0.0.1:90000", "camera.source", "not a usable address"),
    ("127.0.0.1:9000", "admin:pass@127.0.0.1", "camera.source", "credential camera-login"),
    ('source = "http://127.0.0.1:9000/camera"', 'source = "v4l2:video0"', "camera.source", "absolute path"),
    ('source = "http://127.0.0.1:9000/camera"', 'source = "picamera2:"\nlogin = true', "camera.login", "means nothing"),
    ("width = 640", "width = 100", "camera.width", "it must be 160 to 7680"),
    ("fps = 10", "fps = 0.5", "camera.fps", "it must be 1 to 60"),
    ("fps = 10", "fps = 10\nkeyframe_s = 11", "camera.keyframe_s", "it must be 0.1 to 10"),
    ("max_kbit_s = 200", "max_kbit_s = 20", "camera.max_kbit_s", "it must be 50 to 50000"),
    (
        "max_kbit_s = 200",
        "max_kbit_s = 9000",
        "recorder.slot_kib",
        "is too small: 2 s at max_kbit_s = 9000 take 2206 KiB",
    ),
    ("[[0, 0], [1, 0], [1, 1], [0, 1]]", "[[0, 0], [1, 1]]", "camera.zone", "has 2 corners"),
    ("[1, 1], [0, 1]]", "[1, 1.5], [0, 1]]", "camera.zone[3]", "lies outside the picture (1, 1.5)"),
    ("[1, 1], [0, 1]]", "[1, -1], [0, 1]]", "camera.zone[3][2]", "is -1"),
    ("[1, 1], [0, 1]]", "[0, 1], [1, 1]]", "camera.zone", "crosses itself"),
    ("[1, 1], [0, 1]]", "[1, 1], 0]", "camera.zone[4]", "is a whole number; it must be a list"),
    ("[1, 0], [1, 1], [0, 1]]", "[0.1, 0], [0, 0.1]]", "camera.zone", "is too small (0.5% of the picture)"),
    ("screen = false", "screen = true", "camera.mask", "cover keypad and screen"),
    ("screen = false", "screen = false\nmask = [[[0, 0], [0, 0], [0, 0]]]", "camera.mask[1]", "is too small"),
    ("shows_keypad_or_screen = false", "", "camera.shows_keypad_or_screen", "is missing"),
    ("slot_kib = 256", "", "recorder.slot_mib", "or slot_kib must give the size"),
    ("slot_kib = 256", "slot_kib = 256\nslot_mib = 1", "recorder.slot_mib", "one of them, not both"),
    ("slots = 64", "slots = 1", "recorder.slots", "a ring has at least 2"),
    ("slots = 64", "slots = 64\nreserve_slots = 64", "recorder.reserve_slots", "leaves nothing of slots"),
    ("slots = 64", "slots = 64\nreserve_slots = 4", "recorder.reserve_slots", "means nothing to"),
    ("kiosk.sock", "marks.sock", "recorder.status", "is the socket of marks too"),
    ("kiosk.sock", "status.sock", "recorder.status", "is called status.sock"),
    ("marks.sock", "status.sock", "recorder.marks", "is called status.sock"),
    ("/run/test/kiosk", "/run/" + "x" * 100, "recorder.status", "107 bytes"),
    ("/run/test/video", "video", "recorder.video", "not an absolute path"),
    (SECTIONS[SECTIONS.index("[recorder]") :], "", "recorder", "is missing though there is a [camera]"),
    (SECTIONS[: SECTIONS.index("[recorder]")], "", "camera", "is missing though there is a [recorder]"),
]
CASE_FAULTS = [
    ("unit = 1", "recorder.case.port", "is missing: driver 'modbus'"),
    ('port = "/dev/pts/9"\ninput = 0', "recorder.case.unit", "is missing: driver 'modbus'"),
    ('port = "/dev/pts/9"\nunit = 248\ninput = 0', "recorder.case.unit", "1 to 247"),
    ('port = "/dev/pts/9"\nunit = 1\ninput = 65536', "recorder.case.input", "0 to 65535"),
    ('port = "/dev/pts/7"\nunit = 1\ninput = 0', "recorder.case.port", "is another device's serial port too"),
    ('driver = "gpio"', "recorder.case.line", "is missing: driver 'gpio'"),
    ('driver = "gpio"\nline = "GPIO17"\ninput = 0', "recorder.case.input", "means nothing to driver 'gpio'"),
    ('driver = "gpio"\nline = "GPIO17"\nopen_when = "up"', "recorder.case.open_when", "one of 'on', 'off'"),
]
# Of a real machine: (what to replace in the example, by what, key named, words of the message)
REAL_FAULTS = [
    ("slots = 13300", "slots = 13000", "recorder.slots", "it takes 13184 slots (885 GB); use a larger disk"),
    ("max_kbit_s = 1000", "max_kbit_s = 1500", "recorder.slots", "at max_kbit_s = 1500: it takes"),
    ('"rtsp://192.0.2.20/stream1"', '"file:/film.h264"', "camera.source", "only for simulations"),
    ('"rtsp://192.0.2.20/stream1"', '"v4l2:/dev/video0"', "camera.source", "stable name, v4l2:/dev/v4l/by-id/"),
    ("[recorder.case]", "[recorder.box]", "recorder.case", "has a contact that tells when it is opened"),
]


def told(file: Path) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as raised:
        load(file)
    return [(problem.key, problem.message) for problem in raised.value.problems]


def says(found: list[tuple[str, str]], key: str, words: str) -> None:
    assert any(at == key and words in message for at, message in found), found


@pytest.fixture
def with_recorder(machine_with: Callable[..., Path]) -> Callable[[str], Path]:
    return lambda sections: machine_with(("[bench]", sections + "[bench]"))


@pytest.fixture
def real_with(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(old: str, new: str) -> Path:
        text = EXAMPLE.read_text()
        assert old in text
        file = tmp_path / "machine.toml"
        file.write_text(text.replace(old, new, 1))
        return file

    return write


@pytest.mark.parametrize(("old", "new", "key", "words"), FAULTS)
def test_what_is_wrong_with_camera_or_recorder_is_told(
    with_recorder: Callable[[str], Path], old: str, new: str, key: str, words: str
) -> None:
    assert old in SECTIONS
    says(told(with_recorder(SECTIONS.replace(old, new, 1))), key, words)


@pytest.mark.parametrize(("case", "key", "words"), CASE_FAULTS)
def test_what_is_wrong_with_the_contact_of_the_case_is_told(
    with_recorder: Callable[[str], Path], case: str, key: str, words: str
) -> None:
    says(told(with_recorder(f"{SECTIONS}[recorder.case]\n{case}\n")), key, words)


@pytest.mark.parametrize(("old", "new", "key", "words"), REAL_FAULTS)
def test_a_real_machine_s_disk_holds_the_hours_its_camera_is_there_and_its_case_is_watched(
    real_with: Callable[[str, str], Path], old: str, new: str, key: str, words: str
) -> None:
    says(told(real_with(old, new)), key, words)


def test_the_same_is_taken_on_a_bench(with_recorder: Callable[[str], Path]) -> None:
    machine = load(with_recorder(SECTIONS)).machine
    assert machine.camera is not None
    assert machine.recorder is not None
    assert machine.camera.zone == ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert (machine.recorder.slot_bytes, machine.recorder.slots, machine.recorder.case) == (262144, 64, None)
    mask = "mask = [[[0.4, 0.8], [0.6, 0.8], [0.6, 1]]]\nfps"
    masked = load(with_recorder(SECTIONS.replace("screen = false", "screen = true").replace("fps", mask, 1)))
    assert masked.machine.camera is not None
    assert masked.machine.camera.mask == (((0.4, 0.8), (0.6, 0.8), (0.6, 1.0)),)


def test_a_profile_that_wants_a_camera_gets_one_on_a_real_machine(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    without = text[: text.index("# Camera and recorder")]
    file = tmp_path / "machine.toml"
    file.write_text(without)
    says(told(file), "camera", "the municipality's profile has camera.required = true")
    file.write_text(without.replace('profile = "saga"', 'profile = "fujisawa"'))
    assert load(file).machine.recorder is None


def test_who_protects_the_floor_needs_a_reserve(tmp_path: Path) -> None:
    saga = EXAMPLE.with_name("saga.toml").read_text()
    (tmp_path / "town.toml").write_text(saga.replace('"overwrite_oldest"', '"protect_floor_and_alarm"'))
    text = EXAMPLE.read_text().replace('profile = "saga"', 'profile = "town.toml"')
    file = tmp_path / "machine.toml"
    file.write_text(text)
    says(told(file), "recorder.reserve_slots", "must be at least 2")
    file.write_text(text.replace("# reserve_slots = 200", "reserve_slots = 200"))
    says(told(file), "recorder.slots", "it takes 13384 slots")
    file.write_text(text.replace("# reserve_slots = 200", "reserve_slots = 100"))
    assert load(file).machine.recorder is not None


def test_hours_become_slots() -> None:
    # 1 Mbit/s in groups of 2 s, 20 pictures each: 250,000 bytes and what surrounds them, 267 groups in 64 MiB.
    stream = Stream(1000, 10, 2)
    assert stream.group_bytes == 250_000 + 124 + 20 * 13
    assert stream.slot_s(64 << 20) == 267 * 2
    assert slots_for(1920, stream, 64 << 20) == 12_944  # 6,912,000 s over 534 s, rounded up
    assert slots_for(1920, stream, 64 << 20, unfilled=240) == 12_944 + 240
    with pytest.raises(ValueError, match="does not hold a group"):
        slots_for(1, Stream(1100, 10, 2), 256 << 10)


def test_the_recorder_s_secrets_are_read_only_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine_file: Path, real_with: Callable[[str, str], Path]
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert recorder_kek(load(machine_file).machine) is None
    machine: Machine = load(real_with("# login = true", "login = true")).machine
    assert machine.camera is not None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for content, words in ((b"", "is empty"), (b"short", r"has 5 bytes; make it with 'head -c 32")):
        (tmp_path / "recorder-kek").write_bytes(content)
        with pytest.raises(ConfigError, match=words):
            recorder_kek(machine)
    (tmp_path / "recorder-kek").write_bytes(bytes(32))
    assert recorder_kek(machine) == bytes(32)
    (tmp_path / "camera-login").write_text("only-a-user\n")
    with pytest.raises(ConfigError, match="must be user:password") as raised:
        camera_source(machine.camera)
    assert "only-a-user" not in str(raised.value)
    (tmp_path / "camera-login").write_text("viewer:a/b@c\n")
    assert camera_source(machine.camera) == "rtsp://viewer:a%2Fb%40c@192.0.2.20/stream1"

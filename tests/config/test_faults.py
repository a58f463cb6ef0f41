"""What is told to whoever writes something wrong into a configuration file.

Longer than 400 lines: most of it is one table of faults and what is said about each.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import config
from config.errors import ConfigError
from config.load import load, load_national

SENSORS = """[sensors]
port = "/dev/pts/9"
unit = {unit}
certificate_input = 0
change_input = 1
receipt_input = 2
service_key_input = {key}
"""

# ruff: noqa: E501 - one fault a line
# (what to replace, by what, key named, words of the message)
MACHINE_FAULTS = [
    ('profile = "saga"', "", "profile", "name a shipped one ('fujisawa', 'fujisawa-hall', 'saga')"),
    ('profile = "saga"', 'profile = "sagga"', "profile", "is 'sagga'"),
    ('profile = "saga"', 'profile = "national"', "profile", "is 'national'"),
    ('profile = "saga"', "profile = 7", "profile", "is 7"),
    ("machine_no = 1", "machine_number = 1", "machine_number", "did you mean 'machine_no'?"),
    ("machine_no = 1", "machine_number = 1", "machine_no", "is missing: add it"),
    ("machine_no = 1", "machine_no = 1\nxyzzy = 1", "xyzzy", "is not a known key: remove it"),
    ("machine_no = 1", "machine_no = true", "machine_no", "is true or false; it must be a whole number"),
    ("machine_no = 1", "machine_no = 1.5", "machine_no", "is a number; it must be a whole number"),
    ("machine_no = 1", "machine_no = 0", "machine_no", "is 0; it must be a whole number above zero"),
    ("machine_no = 1", "machine_no = 07:30:00", "machine_no", "is a time of day"),
    ("[sound]\nrequired = false", "[[sound]]\nrequired = false", "sound", "is a list; it must be a table"),
    ("simulation = true", 'simulation = "yes"', "simulation", "is a string; it must be true or false"),
    ('terminal_id = "saga-test-1"', 'terminal_id = ""', "terminal_id", "is empty"),
    ('terminal_id = "saga-test-1"', 'terminal_id = "佐賀 1"', "terminal_id", "ASCII letters"),
    (
        'terminal_id = "saga-test-1"',
        "terminal_id = 2026-01-01",
        "terminal_id",
        "is a date; it must be a string",
    ),
    ("diagonal_in = 21.5", "", "panel.diagonal_in", "is missing"),
    ("diagonal_in = 21.5", "diagonal_in = inf", "panel.diagonal_in", "above zero"),
    ("diagonal_in = 21.5", "diagonal_in = 546", "panel.diagonal_in", "pixels a millimetre"),
    ('driver = "pcsc"', 'driver = "magic"', "reader.driver", "is 'magic'; it must be one of 'pcsc', 'nfc'"),
    ('name_contains = "Virtual PCD"', "", "reader.name_contains", "driver 'pcsc' finds its reader by it"),
    ('name_contains = "Virtual PCD"', 'device = "usb"', "reader.device", "means nothing to driver 'pcsc'"),
    ('driver = "pcsc"', 'driver = "nfc"', "reader.device", "driver 'nfc' finds its reader by it"),
    ('driver = "pcsc"', 'driver = "nfc"', "reader.name_contains", "means nothing to driver 'nfc'"),
    ('driver = "pcsc"', 'driver = "nfc"', "reader.csock", "means nothing to driver 'nfc'"),
    ("simulation = true", "simulation = false", "bench", "only for simulations"),
    ('clock_file = "/run', 'clock_file = "run', "bench.clock_file", "not an absolute path"),
    ("acceptor_serial = 1001", "acceptor_serial = 16777216", "cash.acceptor_serial", "24 bits"),
    ("acceptor_serial = 1001", "acceptor_serial = 1\ncashbox_path = 9", "cash.cashbox_path", "1 to 8"),
    ("acceptor_serial = 1001", "acceptor_serial = 1\npoll_ms = 500", "cash.poll_ms", "half of watchdog_ms"),
    ("position = 1,", "position = 17,", "cash.coins[1].position", "positions 1 to 16"),
    ("position = 2,", "position = 1,", "cash.coins[2].position", "listed twice"),
    ("path = 3", "path = 9", "cash.coins[3].path", "1 to 8"),
    ("path = 2", "path = 1", "cash.coins[2].path", "would mix 50 and 10 yen"),
    ("path = 5", "path = 4", "cash.coins[4].path", "none holds 500 yen"),
    ('"JP050A", yen = 50', '"JP050A", yen = 100', "cash.coins[2].yen", "does not agree with 'JP050A'"),
    ('"JP010A", yen = 10', '"JP005A", yen = 5', "cash.coins[1].yen", "accepted are 10, 50, 100, 500"),
    ('"JP010A"', '"KR010A"', "cash.coins[1].coin_id", "looks like"),
    ('"JP010A"', '"10"', "cash.coins[1].coin_id", "looks like"),
    ("serial = 2010", "serial = 16777216", "cash.hoppers[1].serial", "24 bits"),
    ("serial = 2050", "serial = 2010", "cash.hoppers[2].serial", "listed twice"),
    ("yen = 50, dispense", "yen = 10, dispense", "cash.hoppers[2].yen", "listed twice"),
    ("yen = 50, dispense", "yen = 1, dispense", "cash.hoppers[2].yen", "hoppers can hold"),
    ("reserve = 5", "reserve = 500", "cash.hoppers[2].reserve", "leaves nothing"),
    ("reserve = 5", "reserve = -1", "cash.hoppers[2].reserve", "above zero"),
    ('"ipp://127', '"http://127', "printer.uri", "ipp://host[:port]/path or ipps://"),
    ('receipt_tray = "tray-2"', 'receipt_tray = "tray-1"', "printer.receipt_tray", "the certificate's tray too"),
    ('"tray-2"', '"tray-2"\nreceipt_media = "A5"', "printer.receipt_media", "size name of PWG 5101.1"),
    ("[sound]", SENSORS.format(unit=1, key=1) + "[sound]", "sensors.service_key_input", "so is change_input"),
    ("[sound]", SENSORS.format(unit=1, key=65536) + "[sound]", "sensors.service_key_input", "0 to 65535"),
    ("[sound]", SENSORS.format(unit=248, key=3) + "[sound]", "sensors.unit", "1 to 247"),
    ('"https://127.0.0.1:8443/"', '"http://127.0.0.1:8443/"', "centre.url", "write https://"),
    ('"https://127.0.0.1:8443/"', '"https://"', "centre.url", "write https://"),
    ('"https://127.0.0.1:8443/"', '"https://me@127.0.0.1/"', "centre.url", "nothing more"),
    ('"https://127.0.0.1:8443/"', '"https://127.0.0.1:99999/"', "centre.url", "not a usable address"),
    (
        "required = false",
        "required = false\nscreen_idle_s = 5",
        "sound.screen_idle_s",
        "set for the whole country",
    ),
    ("[sound]", "[national]\nwarning_s = 1\n[sound]", "national", "set for the whole country"),
]

PROFILE_FAULTS = [
    ('municipality = "saga"', 'municipality = "佐賀"', "municipality", "small ASCII letters"),
    ('"412015"', '"412016"', "municipality_code", "check digit is wrong"),
    ('"412015"', '"41201"', "municipality_code", "five digits"),
    ('flows = ["mynumber"]', 'flows = ["swift"]', "flows[1]", "must be one of 'mynumber', 'juki'"),
    ('flows = ["mynumber"]', "flows = []", "flows", "name at least one"),
    ('flows = ["mynumber"]', 'flows = ["juki", "mynumber", "juki"]', "flows[3]", "listed twice"),
    ('flows = ["mynumber"]', 'flow = "mynumber"', "flow", "did you mean 'flows'?"),
    ('languages = ["ja", "en"]', 'languages = ["en"]', "languages", 'must contain "ja"'),
    ('languages = ["ja", "en"]', "languages = []", "languages", 'must contain "ja"'),
    ('languages = ["ja", "en"]', 'languages = ["ja", "en", "ja"]', "languages[3]", "listed twice"),
    ('languages = ["ja", "en"]', 'languages = ["ja", "zh"]', "languages[2]", "must be one of 'ja', 'en'"),
    ('languages = ["ja", "en"]', 'languages = "ja"', "languages", "is a string; it must be a list"),
    ('languages = ["ja", "en"]', 'languages = ["ja"]', "english", "contradicts languages"),
    ("[english.certificates]", "[english.certificate]", "english.certificate", "did you mean 'certificates'?"),
    ('tax = "Tax', 'taxes = "Tax', "english.certificates.tax", "every certificate needs its English name"),
    ('tax = "Tax', 'taxes = "Tax', "english.certificates.taxes", "is no kind"),
    ('tax = "Tax payment certificate"', 'tax = ""', "english.certificates.tax", "is missing"),
    ('place = "Main Building, 1st floor"', 'place = ""', "english.place", "is empty"),
    ('alternatives = ["', 'alternatives = ["", "', "english.alternatives", "has 2 names for 1 alternatives"),
    ('alternatives = ["', 'alternatives = [""] # ', "english.alternatives[1]", "is empty"),
    ('cautions = ""  ', 'cautions = "ご注意"  ', "english.cautions", "fill in both, or neither"),
    ("minimum_age = 15", "minimum_age = 21", "minimum_age", "must not be above 20"),
    ("minimum_age = 15", "minimum_age = -1", "minimum_age", "above zero"),
    ("receipt_required = false", "receipt_required = 0", "receipt_required", "must be true or false"),
    ('voice = "on"', 'voice = "quiet"', "voice", "is 'quiet'; it must be one of 'on', 'off'"),
    ('languages = ["ja", "en"]', 'languages = ["ja", "en"]\njuki_card = 1', "juki_card", "set for the whole country"),
    ('languages = ["ja", "en"]', 'languages = ["ja"]\npin_idle_s = 600', "pin_idle_s", "set for the whole country"),
    ('languages = ["ja", "en"]', 'languages = ["ja"]\nsuspended_areas = ["tax", "tax"]', "suspended_areas[2]", "twice"),
    ('languages = ["ja", "en"]', 'languages = ["ja"]\nsuspended_areas = ["sea"]', "suspended_areas[1]", "one of"),
    ('activity = "issue"', 'activity = "camera"', "legal_basis", '"issue": name the rule'),
    ("effective_from = 2016-01-22", 'effective_from = "2016"', "legal_basis[1].effective_from", "must be a date"),
    ('monday = ["08:30-17:15"]', 'monday = ["17:15-08:30"]', "calendar.monday[1]", "ends before it begins"),
    ('monday = ["08:30-17:15"]', 'monday = ["08:30-08:30"]', "calendar.monday[1]", "ends before it begins"),
    ('monday = ["08:30-17:15"]', 'monday = ["8:30-17:15"]', "calendar.monday[1]", "write it as"),
    ('monday = ["08:30-17:15"]', 'monday = ["08:30-24:01"]', "calendar.monday[1]", "no day has"),
    ('monday = ["08:30-17:15"]', 'monday = ["08:60-17:15"]', "calendar.monday[1]", "no day has"),
    ('monday = ["08:30-17:15"]', 'monday = ["08:30-12:00", "11:59-17:15"]', "calendar.monday[2]", "overlaps"),
    ('monday = ["08:30-17:15"]', 'monday = ["13:00-17:15", "08:30-12:00"]', "calendar.monday[2]", "in order"),
    ('holiday_policy = "close"', 'holiday_policy = "shorten"', "calendar.holiday_windows", "is missing"),
    (
        'holiday_policy = "close"',
        'holiday_policy = "close"\nholiday_windows = ["09:00-12:00"]',
        "calendar.holiday_windows",
        "contradicts holiday_policy 'close'",
    ),
    ('first = "12-29"', 'first = "12/29"', "calendar.year_end.first", "write month and day as"),
    ('first = "12-29"', 'first = "02-30"', "calendar.year_end.first", "not a day of the year"),
    (
        '{ first = "12-29", last = "01-03" }',
        '{ first = "01-03", last = "12-29" }',
        "calendar.year_end.last",
        "no turn of the year",
    ),
    ('{ first = "12-29", last = "01-03" }', '"12-29"', "calendar.year_end", "it must be a table"),
    ('kind = "seal"', 'kind = "residence"', "certificates[2].kind", "listed twice"),
    ('area = "tax"', 'area = "resident_registry"', "certificates[3].area", "belongs to 'tax'"),
    ("max_copies = 10", "max_copies = 21", "certificates[1].max_copies", "must not be above 20"),
    ("service_from = 2016-01-22       # the", "service_from = 9999-01-22 # the", "service_from", "are 1952 to"),
    ("service_from = 2016-01-22       # assumption", "service_from = 9999-01-22", "certificates[1].service_from", "are 1952"),
    ("yen = 300", "yen = -10", "certificates[1].fees[1].yen", "above zero"),
    ("enabled = true", "enabled = 1", "certificates[1].enabled", "must be true or false"),
    ("service_from = 2016-01-22", "service_from = 2016-01-23", "certificates[1].service_from", "before the"),
    ("from_date = 2016-01-22", "from_date = 2016-01-23", "certificates[1].fees[1].from_date", "no fee is set"),
    ("from_date = 2016-01-22", "from_date = 2016-01-22T00:00:00", "certificates[1].fees[1].from_date", "time"),
    ("yen = 300", "yen = 305", "certificates[1].fees[1].yen", "multiples of 10"),
    ("yen = 300 }]", "yen = 300 }, { from_date = 2016-01-22, yen = 10 }]", "certificates[1].fees[2].from_date", "order"),
    ("[{ from_date = 2016-01-22, yen = 300 }]", "[]", "certificates[1].fees", "is empty"),
    ("[{ from_date = 2016-01-22, yen = 300 }]", "[300]", "certificates[1].fees[1]", "must be a table"),
    ("retention_max_elapsed_h = 5760", "retention_max_elapsed_h = 5759", "camera.retention_max_elapsed_h", "below"),
    ("preroll_s = 5", "preroll_s = -0.1", "camera.preroll_s", "above zero"),
    ('place = "鍵保管庫"', "place = ['鍵保管庫']", "keys.place", "is a list; it must be a string"),
    ('place = "鍵保管庫"', "place = {a = 1}", "keys.place", "is a table; it must be a string"),
    ('contact = "市民生活課の窓口"', "contact = 2026-01-01T00:00:00Z", "contact", "is a date with a time"),
    ('contact = "市民生活課の窓口"', "contact = 0.5", "contact", "is a number"),
]  # fmt: skip

NATIONAL_FAULTS = [
    ("warning_s = 30", "warning_s = 19", "warning_s", "at least 20 s"),
    ("max_extensions = 10", "max_extensions = 9", "max_extensions", "at least 10"),
    ("slow_factor = 3", "slow_factor = 0.5", "slow_factor", "hurry people"),
    ("card_phase_s = 20", "card_phase_s = 13", "card_phase_s", "14.0 s"),
    ("left_behind_s = 120", "left_behind_s = 18", "left_behind_s", "make it longer"),
    ("[4, 8, 6]", "[4, 8]", "take_repeat_s", "has 2 values; it must have 3"),
    ("[4, 8, 6]", '[4, "8", 6]', "take_repeat_s[2]", "must be a number"),
    ('"identity", "pay"', '"pay", "identity"', "flows.mynumber.order", "not an allowed order"),
    ('"tap_then_remove"', '"hold_until_auth_then_remove"', "flows.juki.order", "not an allowed order"),
    ('"tap_then_remove"', '"keep"', "flows.juki.card", "must be one of"),
    ('"erase",', '"shred",', "flows.mynumber.order[18]", "must be one of"),
    ("[flows.mynumber]", "[others.mynumber]", "others", "not a known key"),
    ("[juki_card]", "[flows]\nx = 1\n[juki_card]", "flows.x", "must be a table"),
    ('card_kind = "juki"', 'card_kind = "my_number"', "flows.juki.card", "the PIN of a 'my_number' card"),
    ('card_kind = "juki"', 'card_kind = "bank"', "flows.juki.card_kind", "must be one of 'my_number', 'juki'"),
    ('"F04B4F534B4A554B4901"', '"F04B4F5"', "juki_card.application", "AID of 5 to 16 bytes"),
    ("file = 0x0001", "file = 0x3F00", "juki_card.file", "names no elementary file"),
    ("profile_version = 1", "profile_version = 65536", "juki_card.profile_version", "two bytes"),
]


def faults(file: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigError) as raised:
        load(file)
    return [(Path(problem.file).name, problem.key, problem.message) for problem in raised.value.problems]


def assert_told(found: list[tuple[str, str, str]], file: str, key: str, words: str) -> None:
    assert any((name, at) == (file, key) and words in message for name, at, message in found), found


@pytest.mark.parametrize(("old", "new", "key", "words"), MACHINE_FAULTS)
def test_a_faulty_machine_file_is_refused(
    machine_with: Callable[..., Path], old: str, new: str, key: str, words: str
) -> None:
    assert_told(faults(machine_with((old, new))), "machine.toml", key, words)


@pytest.mark.parametrize(("old", "new", "key", "words"), PROFILE_FAULTS)
def test_a_faulty_profile_is_refused(
    profile_with: Callable[..., Path], old: str, new: str, key: str, words: str
) -> None:
    assert_told(faults(profile_with((old, new))), "town.toml", key, words)


@pytest.mark.parametrize(("old", "new", "key", "words"), NATIONAL_FAULTS)
def test_faulty_national_settings_are_refused(
    national_with: Callable[..., None], machine_file: Path, old: str, new: str, key: str, words: str
) -> None:
    national_with((old, new))
    assert_told(faults(machine_file), "national.toml", key, words)
    with pytest.raises(ConfigError):
        load_national()


def test_national_flows_must_be_a_table(national_with: Callable[..., None], tmp_path: Path, machine_file: Path) -> None:
    national_with()
    file = tmp_path / "national.toml"
    text = file.read_text()
    file.write_text("flows = 1\n" + text[: text.index("[flows.mynumber]")])
    assert_told(faults(machine_file), "national.toml", "flows", "is a whole number; it must be a table")


def test_a_terminal_that_could_take_no_coin_or_issue_nothing_is_refused(
    machine_with: Callable[..., Path],
) -> None:
    text = machine_with().read_text()
    coins = text[text.index("coins = [") : text.index("hoppers = [")]
    assert_told(faults(machine_with((coins, "coins = []\n"))), "machine.toml", "cash.coins", "is empty")


def test_a_profile_without_certificates_or_hours_is_refused(profile_with: Callable[..., Path], tmp_path: Path) -> None:
    file = profile_with()
    text = (tmp_path / "town.toml").read_text()
    catalogue = text[text.index("[[certificates]]") : text.index("[camera]")]
    text = text.replace(catalogue, "").replace("minimum_age", "certificates = []\nminimum_age", 1)
    for window in ('"08:30-17:15"', '"08:30-19:00"', '"09:00-16:00"'):
        text = text.replace(window, "")
    (tmp_path / "town.toml").write_text(text)
    found = faults(file)
    assert_told(found, "town.toml", "certificates", "needs something to issue")
    assert_told(found, "town.toml", "calendar.monday", "no day of the week has opening hours")


def test_a_required_camera_needs_its_legal_basis(profile_with: Callable[..., Path], tmp_path: Path) -> None:
    file = profile_with()
    town = tmp_path / "town.toml"
    town.write_text(town.read_text().replace('activity = "camera"', 'activity = "issue"'))
    assert_told(faults(file), "town.toml", "legal_basis", 'activity "camera"')
    town.write_text(town.read_text().replace("required = true", "required = false"))
    assert load(file).profile.camera.required is False


@pytest.mark.parametrize(
    ("voice", "required", "words"),
    [
        ("on", "true", ""),
        ("on", "false", 'has voice = "on": set it to true and connect a loudspeaker'),
        ("off", "false", ""),
        ("off", "true", 'has voice = "off": nothing would be said, so set it to false'),
    ],
)
def test_a_real_terminal_is_silent_only_where_its_municipality_says_so(
    tmp_path: Path, voice: str, required: str, words: str
) -> None:
    packaged = Path(config.__file__).parent
    saga = (packaged / "saga.toml").read_text().replace('voice = "on"', f'voice = "{voice}"')
    (tmp_path / "town.toml").write_text(saga)
    example = (packaged / "machine.example.toml").read_text().replace('profile = "saga"', 'profile = "town.toml"')
    file = tmp_path / "machine.toml"
    file.write_text(example.replace("[sound]\nrequired = true", f"[sound]\nrequired = {required}"))
    if words:
        assert_told(faults(file), "machine.toml", "sound.required", words)
    else:
        settings = load(file)
        assert (settings.profile.voice, settings.machine.sound.required) == (voice, required == "true")


def test_a_bench_may_do_without_a_sound_device(machine_file: Path) -> None:
    settings = load(machine_file)
    assert settings.machine.simulation
    assert (settings.profile.voice, settings.machine.sound.required) == ("on", False)


def test_two_flows_for_one_kind_of_card_are_refused(
    profile_with: Callable[..., Path], national_with: Callable[..., None]
) -> None:
    flow = (Path(config.__file__).parent / "national.toml").read_text()
    flow = flow[flow.index("[flows.juki]") :].replace("flows.juki", "flows.juki-again")
    national_with(("[flows.juki]", flow + "\n[flows.juki]"))
    file = profile_with(('flows = ["mynumber"]', 'flows = ["juki", "mynumber", "juki-again"]'))
    assert_told(faults(file), "town.toml", "flows[3]", "'juki-again' and 'juki' are both for a 'juki' card")
    sound = profile_with(('flows = ["mynumber"]', 'flows = ["juki-again", "mynumber"]'))
    assert load(sound).profile.flows == ("juki-again", "mynumber")


def test_english_is_required_where_it_is_listed(profile_with: Callable[..., Path], tmp_path: Path) -> None:
    file = profile_with()
    town = tmp_path / "town.toml"
    text = town.read_text()
    town.write_text(text[: text.index("[english]")] + text[text.index("[[legal_basis]]") :])
    assert_told(faults(file), "town.toml", "english", 'languages lists "en": add the table')
    town.write_text(town.read_text().replace('languages = ["ja", "en"]', 'languages = ["ja"]'))
    assert load(file).profile.english is None


HOURS = """
{key}
monday = ["{window}"]
tuesday = ["{window}"]
wednesday = []
thursday = []
friday = []
saturday = ["10:00-12:00"]
sunday = []
holiday_policy = "close"
"""


@pytest.mark.parametrize(
    ("key", "window", "at", "words"),
    [
        ("[server]", "17:15-08:30", "server.monday[1]", "ends before it begins"),
        ("[server]", "06:00-08:30", "server", "no hour in common with calendar: nothing could ever be issued"),
        ("[certificates.calendar]", "06:00-08:30", "certificates[4].calendar", "no hour in common with calendar:"),
    ],
)
def test_hours_that_can_never_be_used_are_refused(
    profile_with: Callable[..., Path], key: str, window: str, at: str, words: str
) -> None:
    # The machine opens at 8:30 on both days, and not at all on Saturday.
    file = profile_with(("[camera]", HOURS.format(key=key, window=window) + "[camera]"))
    assert_told(faults(file), "town.toml", at, words)


def test_one_common_hour_is_enough_and_a_dated_exception_may_give_it(profile_with: Callable[..., Path]) -> None:
    tuesday = HOURS.format(key="[server]", window="18:00-20:00")
    assert load(profile_with(("[camera]", tuesday + "[camera]"))).profile.server is not None
    never = HOURS.format(key="[certificates.calendar]", window="20:00-21:00")
    assert_told(
        faults(profile_with(("[camera]", never + "[camera]"))), "town.toml", "certificates[4].calendar", "never"
    )
    once = EXCEPTION.format(first="2029-12-05", last="2029-12-05", more="", reason="臨時開庁")
    once += EXCEPTION.format(first="2029-12-08", last="2029-12-08", more="", reason="臨時開庁")
    # 2029-12-08 is a Saturday, on which the certificate has hours.
    file = profile_with(("[camera]", never + "[camera]"), ("# Fees, copies", once + "# Fees, copies"))
    assert load(file).profile.certificates[3].calendar is not None


def test_a_certificate_that_never_meets_machine_and_server_together_is_refused(
    profile_with: Callable[..., Path],
) -> None:
    server = HOURS.format(key="[server]", window="08:30-12:00")
    certificate = HOURS.format(key="[certificates.calendar]", window="13:00-17:00")
    file = profile_with(("[camera]", certificate + server + "[camera]"))
    assert_told(faults(file), "town.toml", "certificates[4].calendar", "no hour in common with calendar and server")


EXCEPTION = """
[[calendar.exceptions]]
first = {first}
last = {last}
windows = ["09:00-12:00"{more}]
reason = "{reason}"
approver = "市民生活課長"
"""


@pytest.mark.parametrize(
    ("added", "key", "words"),
    [
        ([("2026-12-05", "2026-12-04", "", "臨時")], "calendar.exceptions[1].last", "swap them"),
        ([("2026-12-05", "2026-12-05", "", "")], "calendar.exceptions[1].reason", "is empty"),
        (
            [("2026-12-05", "2026-12-05", ', "11:00-13:00"', "臨時")],
            "calendar.exceptions[1].windows[2]",
            "overlaps",
        ),
        (
            [("2026-12-05", "2026-12-07", "", "臨時"), ("2026-12-07", "2026-12-09", "", "工事")],
            "calendar.exceptions[2]",
            "overlaps the one from 2026-12-05",
        ),
    ],
)
def test_faulty_dated_exceptions_are_refused(
    profile_with: Callable[..., Path], added: list[tuple[str, str, str, str]], key: str, words: str
) -> None:
    text = "".join(
        EXCEPTION.format(first=first, last=last, more=more, reason=reason) for first, last, more, reason in added
    )
    assert_told(faults(profile_with(("# Fees, copies", text + "# Fees, copies"))), "town.toml", key, words)


def test_every_fault_in_every_file_is_told_at_once(
    profile_with: Callable[..., Path], national_with: Callable[..., None]
) -> None:
    file = profile_with(('"412015"', '"412016"'), ("max_copies = 10", "max_copies = 99"))
    file.write_text(file.read_text().replace("machine_no = 1", "").replace("yen = 50, path", "yen = 55, path"))
    national_with(("warning_s = 30", "warning_s = 3"))
    found = faults(file)
    assert_told(found, "machine.toml", "machine_no", "is missing")
    assert_told(found, "machine.toml", "cash.coins[2].yen", "accepted are")
    assert_told(found, "town.toml", "municipality_code", "check digit")
    assert_told(found, "town.toml", "certificates[1].max_copies", "above 20")
    assert_told(found, "national.toml", "warning_s", "at least 20 s")


def test_an_unreadable_file_is_named(machine_with: Callable[..., Path], tmp_path: Path) -> None:
    assert_told(faults(tmp_path / "none.toml"), "none.toml", "", "No such file")
    file = machine_with()
    file.write_bytes(b"profile = '\xff'")
    assert_told(faults(file), "machine.toml", "", "is not UTF-8 at byte 11")
    file.write_text("profile = ")
    assert_told(faults(file), "machine.toml", "", "is not TOML")
    missing = machine_with(('profile = "saga"', 'profile = "gone.toml"'))
    assert_told(faults(missing), "gone.toml", "", "No such file")


def test_a_radio_over_the_network_is_for_simulations_only(machine_with: Callable[..., Path]) -> None:
    radio = ('driver = "pcsc"', 'driver = "nfc"\ndevice = "udp:127.0.0.1:54321"')
    plain = (('name_contains = "Virtual PCD"\n', ""), ('csock = "/run/test/pcscd.comm"\n', ""))
    said = "only for simulations: give a real reader"
    real = faults(machine_with(radio, *plain, ("simulation = true", "simulation = false")))
    assert_told(real, "machine.toml", "reader.device", said)
    assert load(machine_with(radio, *plain)).machine.reader.device == "udp:127.0.0.1:54321"

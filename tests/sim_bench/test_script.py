"""A scenario's file is checked whole before anything is started; the judge compares far ends only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hardware_sim.bench.ears import Heard
from hardware_sim.bench.mirror import Shown
from hardware_sim.bench.paper import Printed, plain
from hardware_sim.bench.surveillance import Stay
from hardware_sim.scenario.filming import Filmed, Recording, recordings
from hardware_sim.scenario.judge import FarEnds, differences, first_missing, outcome
from hardware_sim.scenario.script import Expectation, Pages, ScriptError, read_script

SCENARIOS = Path(__file__).parents[2] / "hardware-sim" / "scenarios"
NOON = datetime(2026, 5, 13, 3, 0, tzinfo=UTC)


def written(folder: Path, text: str) -> Path:
    path = folder / "visit.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_committed_scenario_can_be_read(path: Path) -> None:
    script = read_script(path)
    assert script.steps
    assert script.expect.outcome
    assert script.expect.final_screen
    assert script.expect.phrases or script.setup.camera, "nothing that is heard is expected"
    assert (script.expect.recordings is not None) is script.setup.camera, "what was recorded is not looked at"
    money = (script.expect.inserted_yen, script.expect.kept_yen, script.expect.paid_back_yen)
    assert None not in money, "the money is not looked at"
    assert script.expect.pages is not None, "the paper is not looked at"


def test_the_pin_stays_out_of_the_report(tmp_path: Path) -> None:
    script = read_script(written(tmp_path, '[[step]]\npin = "1234"\n'))
    assert script.steps[0].shown() == {"pin": "****"}
    assert "1234" not in repr(script)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no .*step"),
        ("[[step]]\n", "exactly one thing"),
        ('[[step]]\ncard = "a"\ncoin = 500\n', "exactly one thing"),
        ('[[step]]\njump = "a"\n', "unknown step 'jump'"),
        ('[[step]]\ncoin = "500"\n', "coin must be a coin in yen"),
        ('[[step]]\ntake = "hat"\n', "take must be one of card"),
        ('[[step]]\ntouch = "a"\nwithin_s = "long"\n', "within_s"),
        ('[[step]]\nkill_at = { kind = "credit" }\n', "kill_at must be"),
        ('[[step]]\nfault = { target = "printer" }\n', "fault must be"),
        ('colour = 1\n[[step]]\ntouch = "a"\n', "unknown key colour"),
        ('[[step]]\ntouch = "a"\n[expect]\nprofit_yen = 1\n', "unknown key profit_yen"),
        ('[[step]]\ntouch = "a"\n[expect]\noutcome = "fine"\n', "outcome must be one of"),
        ('[[step]]\ntouch = "a"\n[expect]\nkept_yen = "300"\n', "whole yen"),
        ('[[step]]\ntouch = "a"\n[expect]\npages = [{ sheets = 1 }]\n', "pages must be"),
        ('[[step]]\ntouch = "a"\n[expect]\nphrases = "pay"\n', "list of ids"),
        ('[[step]]\ncamera = "dance"\n', "camera must be one of step_in"),
        ("[[step]]\nwait_recorder = { happy = true }\n", "wait_recorder must be"),
        ('[setup]\ncamera = "yes"\n[[step]]\ntouch = "a"\n', "camera must be true or false"),
        ('[[step]]\ntouch = "a"\n[expect]\nrecordings = -1\n', "recordings must be"),
        ("not toml", "is not TOML"),
    ],
)
def test_a_wrong_file_is_told_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        read_script(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read"):
        read_script(tmp_path / "nowhere.toml")


# ---- the judge --------------------------------------------------------------------------------------------


def sheet(name: str = "佐賀 花子", tray: str = "tray-1") -> Printed:
    return Printed(1, 1, tray, "two-sided-long-edge", "0" * 64, (name, name), f"住民票の写し {name} 佐賀 太郎")


def heard(phrase: str) -> Heard:
    return Heard(NOON, phrase, "", 0.0, 1.0, True, True)


def shown(screen: str) -> Shown:
    return Shown(NOON, screen, "", 1)


ENDS = FarEnds(
    500, 200, (sheet(),), (heard("pay"), heard(""), heard("take_certificate")), (shown("pay"), shown("idle")), "idle"
)
EXPECT = Expectation(
    outcome="issued",
    inserted_yen=500,
    kept_yen=300,
    paid_back_yen=200,
    pages=(Pages("tray-1", 1, "佐賀　花子"),),
    phrases=("pay", "take_certificate"),
    screens=("pay", "idle"),
    final_screen="idle",
)


def test_what_is_as_expected_is_green() -> None:
    assert differences(EXPECT, ENDS) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(ENDS, paid_back_yen=100), "paid_back_yen: expected 200, found 100"),
        (replace(ENDS, inserted_yen=600), "inserted_yen"),
        (replace(ENDS, pages=()), "expected 1 sheets from tray-1, found 0"),
        (replace(ENDS, pages=(sheet(), sheet())), "found 2"),
        (replace(ENDS, pages=(sheet("佐賀 太郎"),)), "is not of '佐賀 花子'"),
        (replace(ENDS, pages=(replace(sheet(), words="白紙"),)), "stands in the text of no sheet"),
        (replace(ENDS, pages=(sheet(), sheet(tray="tray-2"))), "from which none was expected"),
        (replace(ENDS, phrases=(heard("take_certificate"), heard("pay"))), "phrases: 'take_certificate'"),
        (replace(ENDS, screens=(shown("idle"),)), "screens: 'pay'"),
        (replace(ENDS, final_screen="out_of_service"), "final_screen"),
    ],
)
def test_every_difference_is_red(changed: FarEnds, said: str) -> None:
    found = differences(EXPECT, changed)
    assert any(said in difference for difference in found), found


def test_the_outcome_is_told_by_metal_and_paper_alone() -> None:
    assert outcome(ENDS) == "issued"
    assert outcome(replace(ENDS, pages=(), paid_back_yen=500)) == "returned"
    assert outcome(replace(ENDS, pages=(), inserted_yen=0, paid_back_yen=0)) == "nothing"
    assert outcome(replace(ENDS, pages=())) == "mixed"
    assert outcome(replace(ENDS, paid_back_yen=500)) == "mixed"


def test_names_are_compared_as_the_terminal_does() -> None:
    assert plain("渡邉\U000e0102　邦彦") == "渡邉 邦彦"
    assert first_missing(("a", "c"), ("a", "b", "c")) is None
    assert first_missing(("c", "a"), ("a", "b", "c")) == "a"


def test_words_that_must_and_must_not_stand_on_the_paper() -> None:
    pages = (Pages("tray-1", 1, says=("世帯の一部",), says_not=("佐賀　太郎",)),)
    good = replace(sheet(), words="世帯の一部 佐賀 花子")
    expect = Expectation(pages=pages)
    assert differences(expect, replace(ENDS, pages=(good,))) == []
    assert differences(expect, replace(ENDS, pages=(replace(good, words="佐賀 花子"),)))
    assert differences(expect, replace(ENDS, pages=(replace(good, words="世帯の一部 佐賀 太郎"),)))


def test_the_bench_a_scenario_wants(tmp_path: Path) -> None:
    script = read_script(
        written(tmp_path, '[setup]\nprofile = "fujisawa"\nlevels = { 10 = 5 }\n[[step]]\nkey = "on"\n')
    )
    assert (script.setup.profile, script.setup.reader, script.setup.levels) == ("fujisawa", "pcsc", ((10, 5),))
    with pytest.raises(ScriptError, match="profile must be one of saga"):
        read_script(written(tmp_path, '[setup]\nprofile = "tokyo"\n[[step]]\nkey = "on"\n'))


def test_a_broken_run_is_its_own_steps_before_the_others(tmp_path: Path) -> None:
    text = '[[step]]\ntouch = "a"\n[[red]]\nfault = { target = "printer", name = "jam" }\n'
    assert [step.do for step in read_script(written(tmp_path, text)).red] == ["fault"]


# ---- what was filmed --------------------------------------------------------------------------------------


def film(first_s: float, last_s: float, footage_s: float | None = None, event: int = 1) -> Recording:
    length_s = last_s - first_s if footage_s is None else footage_s
    return Recording(event, NOON + timedelta(seconds=first_s), NOON + timedelta(seconds=last_s), length_s)


def stay(came_s: float, left_s: float | None) -> Stay:
    return Stay(NOON + timedelta(seconds=came_s), None if left_s is None else NOON + timedelta(seconds=left_s))


@pytest.mark.parametrize(
    ("films", "stays", "covered", "gap"),
    [
        ((film(0, 40),), (stay(5, 30),), True, False),
        ((film(6, 40),), (stay(5, 30),), False, False),
        ((film(0, 29),), (stay(5, 30),), False, False),
        ((film(0, 20), film(19, 40, event=2)), (stay(5, 30),), False, False),
        ((film(0, 40),), (stay(5, None),), False, False),
        ((film(0, 40, 36),), (stay(5, 30),), True, True),
        ((), (), True, False),
        ((), (stay(5, 30),), False, False),
    ],
)
def test_a_stay_is_covered_by_one_recording_or_not_at_all(
    films: tuple[Recording, ...], stays: tuple[Stay, ...], covered: bool, gap: bool
) -> None:
    filmed = Filmed(films, stays, ("lost",))
    assert (filmed.covered, filmed.gap) == (covered, gap)
    ends = replace(ENDS, filmed=filmed)
    good = Expectation(recordings=len(films), covered=covered, gap=gap, alarms=("lost",))
    assert differences(good, ends) == []
    for wrong in ({"recordings": 7}, {"covered": not covered}, {"gap": not gap}, {"alarms": ("case_opened",)}):
        (difference,) = differences(replace(good, **wrong), ends)  # type: ignore[arg-type]
        assert difference.startswith(next(iter(wrong)))
    assert differences(good, replace(ends, filmed=None)), "without a camera nothing was recorded"


def test_visits_are_read_off_the_index_as_a_whole_and_only_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    assert recordings(path) == ()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE visit (event, slot, first_utc_us, last_utc_us, footage_ms)")
        rows = [(3, 0, 0, 5e6, 5000), (4, 0, 9e6, 20e6, 11_000), (4, 1, 20e6, 30e6, 10_000)]
        db.executemany("INSERT INTO visit VALUES (?, ?, ?, ?, ?)", rows)
    (found,) = recordings(path, after=3)
    assert (found.event, found.footage_s, found.missing_s) == (4, 21.0, 0.0)
    assert (found.last - found.first).total_seconds() == 21.0

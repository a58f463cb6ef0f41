"""The clips by which screens are read out: all that is needed is there, read rightly, at two speeds, evenly loud."""

from __future__ import annotations

import array
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from config.load import load_profile
from screens.chime import RATE
from screens.pieces import Clips, japanese_number, numbers, pieces, sentences
from screens.render_clips import of_the_screens, unspoken
from screens.strings import spoken_words, table
from screens.voice import FOLDER

CONFIG = Path(__file__).parents[2] / "config"
LANGUAGES = ("ja", "en")
ALLOWED: dict[str, str] = {}
"""Words that may stay unspoken, each with its reason."""


@pytest.fixture
def mixer() -> Iterator[None]:
    pygame.mixer.init(RATE, -16, 1, allowedchanges=0)
    yield
    pygame.mixer.quit()


def samples_of(path: Path) -> np.ndarray:
    """As the kiosk's own mixer reads it."""
    return np.array(array.array("h", pygame.mixer.Sound(str(path)).get_raw()), dtype=float) / 32768


@pytest.mark.parametrize("profile", ["saga", "fujisawa", "fujisawa-hall"])
def test_whatever_the_screens_of_a_municipality_say_can_be_heard(profile: str) -> None:
    missing = [entry for entry in unspoken(load_profile(CONFIG / f"{profile}.toml"), FOLDER) if entry[2] not in ALLOWED]
    assert missing == [], "python -m screens.render_voices --profile …"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_of_the_tables_is_rendered_at_both_speeds(language: str) -> None:
    clips = Clips(FOLDER)
    assert sorted(piece for piece in of_the_screens(language) if clips.missing(piece, language)) == []


def test_amounts_days_and_times_fall_into_what_is_rendered() -> None:
    for language, texts in {
        "ja": ("1,250円", "12,340円", "9,999円", "0円", "18部", "11月22日(日) 9:00 から", "2027年4月22日(木) 17:15"),
        "en": ("¥1,250", "¥12,340", "¥0", "18 copies", "Sun, Nov\u00a022, 9:05\u00a0a.m.", "Thursday, April 22, 2027"),
    }.items():
        for text in texts:
            assert Clips(FOLDER).missing(text, language) == [], text
    assert japanese_number(1250, "円") == ["1000", "200", "50円"]
    assert pieces("1部300円です。", "ja") == ["1部", "300円", "です。"]
    assert sentences("一つ。二つ。", "ja") == ["一つ。", "二つ。"]
    assert sentences("Open from 8:30 a.m. to 5 p.m. Please ask.", "en")[0].startswith("Open")
    assert {"300円", "600円", "800円", "3000円", "8000円"} <= set(numbers("ja"))


READINGS = {
    "300円": "サンビャクエン", "600円": "ロッピャクエン", "800円": "ハッピャクエン", "3000円": "サンゼンエン",
    "8000円": "ハッセンエン", "1人目": "ヒトリメ", "4人目": "ヨニンメ", "4けた": "ヨンケタ", "1日": "ツイタチ",
    "20日": "ハツカ", "9時": "クジ", "4月": "シガツ", "30分": "サンジュップン", "10部": "ジューブ",
}  # fmt: skip


def test_the_difficult_readings_are_right() -> None:
    index = json.loads((FOLDER / "ja" / "said" / "texts.json").read_text(encoding="utf-8"))
    read = {entry["text"]: entry["read"] for entry in index.values()}
    assert {piece: read[piece] for piece in READINGS} == READINGS
    assert "ゲツ、スイ" in next(kana for text, kana in read.items() if text.startswith("市民生活課の窓口月・水"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_clips_play_are_evenly_loud_and_the_slow_ones_are_slower(mixer: None, language: str) -> None:
    clips = Clips(FOLDER)
    texts = [table(language).get(f"{name}.title") for name in ("confirm", "pay", "certificate", "household", "items")]
    texts.append(spoken_words(language, "read")["name"])
    levels = []
    for text in texts:
        usual, slow = (np.concatenate([samples_of(clip) for clip in clips.of(text, language, slow=how)])
                       for how in (False, True))  # fmt: skip
        assert 1.1 < len(slow) / len(usual) < 1.5, text
        assert 0.05 < np.abs(usual).max() < 0.99, text
        levels.append(20 * np.log10(np.sqrt((usual**2).mean())))
    assert max(levels) - min(levels) < 6, levels


def test_the_clips_stay_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*/said/*/*.opus")) < 12_000_000

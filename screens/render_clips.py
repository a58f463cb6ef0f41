"""The clips by which screens are read out: rendered into ``screens/voices/<language>/said``, and checked.

Called by `screens.render_voices`. What is there already is kept: a clip is found by its words, so new words have a new
file. ``texts.json`` says for each file what it says, and how the engine reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from config.calendar import hours_text
from config.hours import certificate_hours, explain, machine_hours
from config.municipal import Profile
from kiosk import view_model as vm
from screens import reading, samples
from screens.pieces import NORMAL, SAID, SLOW, Clips, file_name, numbers, patterns, pieces, plain, sentences
from screens.speech import RATE, SpeechError, engine
from screens.strings import spoken_words, table

SPEEDS: Final = {NORMAL: 0.9, SLOW: 0.7}
TARGET_LUFS: Final = -20.0
PEAK: Final = 10 ** (-1.3 / 20)
BIT_RATE: Final = 12_000
_LEAD_S: Final = 0.02
_TAIL_S: Final = 0.08
_SILENCE: Final = 10 ** (-50 / 20)
_BATCH: Final = 100
DAYS: Final = 400
_START: Final = datetime(2026, 11, 1, tzinfo=UTC)
_HOURS: Final = (3, 10, 23)
"""Hours of the day (Japan) at which every sentence about opening comes up within a year."""


# ---- which words -----------------------------------------------------------------------------------------


def of_the_screens(language: str) -> set[str]:
    """Pieces of every text that residents see, of the narrator's own words, and of numbers."""
    words = table(language)
    found = set(numbers(language))
    for text_id in words.ids() | table("ja").ids():
        if text_id.startswith(("staff.", "arrived.honorific", *reading.UNREAD)):
            continue
        pattern = words.pattern(text_id)
        found |= set(patterns(text_id, language) if "{" in pattern else sentences(pattern, language))
    for text in spoken_words(language, "read").values():
        found |= set(sentences(text, language))
    for sentence in sentences(samples.LOCAL[language].shut, language):
        found |= set(pieces(sentence, language))
    for day in range(7):
        for text_id in ("closed.weekday_closed",):
            found |= set(sentences(words.get(text_id, weekday=words.get(f"head.weekday_{day}")), language))
    found |= {"午前", "午後"} if language == "ja" else {f"Person {n}" for n in range(1, 21)} | {"copies", "copy"}
    return found


def of_a_municipality(profile: Profile, language: str) -> set[str]:
    """Pieces of what one profile says: names, places with their hours, cautions, and why it is shut."""
    local = local_words(profile, language)
    found: set[str] = set()
    for text in (local.city, local.machine, local.contact, *local.alternatives, local.caution, local.change_note):
        found |= set(sentences(text, language))
    # Names stand alone, or before a number of copies and an amount.
    found |= {plain(name, language) for name in local.certificates if name}
    machine = machine_hours(profile)
    single = [certificate_hours(profile, each) for each in profile.certificates]
    for day in range(DAYS):
        for hour in _HOURS:
            instant = _START + timedelta(days=day, hours=hour - 9)
            shut = machine.is_open(instant)
            if language == "ja" and shut.detail:
                found.add(plain(table("ja").get("closed.detail", detail=shut.detail), language))
            # A single certificate says itself why it cannot be had while others can.
            for why in (explain(hours.is_open(instant), language) for hours in single if shut.open):
                for sentence in sentences(why, language):
                    found |= set(pieces(sentence, language))
    return found


def local_words(profile: Profile, language: str) -> samples.Local:
    """A profile's words in one language, as the machine shows them."""
    english = profile.english if language == "en" else None
    words = english or profile
    names = english.certificates if english else {each.kind: each.name for each in profile.certificates}
    places = english.alternatives if english else tuple(each.name for each in profile.alternatives)
    between, within = (": ", "; ") if english else ("　", "、")
    hours = [hours_text(each.calendar, language) for each in profile.alternatives]
    usual = samples.LOCAL[language]
    return samples.Local(
        # The order is that of `samples.Local`.
        words.city_name,
        words.machine_title,
        words.contact,
        tuple(f"{place}{between}{within.join(lines)}" for place, lines in zip(places, hours, strict=True)),
        tuple(names.get(kind, "") for kind in samples.KINDS),  # type: ignore[arg-type]
        words.cautions,
        words.change_note,
        usual.shut,
        usual.holiday,
    )


# ---- rendering -------------------------------------------------------------------------------------------


def as_spoken(piece: str, language: str) -> str:
    """What the engine is given: readings it would get wrong are written out."""
    for written, said in spoken_words(language, "respell").items():
        piece = re.sub(written, said, piece)
    return piece


def render(wanted: Iterable[str], language: str, folder: Path, *, only: bool = False) -> int:
    """What is missing of these pieces, at both speeds; returns how many clips were made. only: remove all others."""
    said = folder / language / SAID
    index_file = said / "texts.json"
    index: dict[str, Any] = json.loads(index_file.read_text(encoding="utf-8")) if index_file.is_file() else {}
    needed = {file_name(piece): piece for piece in wanted}
    if only:
        index = {name: entry for name, entry in index.items() if name in needed}
    speaker = engine(language, spoken_words(language, "lexicon"))
    made = 0
    for name, speed in SPEEDS.items():
        place = said / name
        place.mkdir(parents=True, exist_ok=True)
        if only:
            for old in place.iterdir():
                if old.name not in needed:
                    old.unlink()
        stale = [
            file for file, piece in sorted(needed.items())
            if not (place / file).is_file() or index.get(file, {}).get("spoken") != as_spoken(piece, language)
        ]  # fmt: skip
        for start in range(0, len(stale), _BATCH):
            batch = stale[start : start + _BATCH]
            texts = [as_spoken(needed[file], language) for file in batch]
            for file, text, spoken in zip(batch, texts, speaker.speak(texts, speed), strict=True):
                _write(place / file, spoken.wave, speaker.level_lufs, text)
                made += 1
                if name == SLOW:  # the last of the speeds: now it is there in both
                    index[file] = {"text": needed[file], "spoken": text, "read": spoken.transcript.strip()}
    entries = dict(sorted(index.items(), key=lambda item: (item[1]["text"], item[0])))
    index_file.write_text(json.dumps(entries, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return made


def _write(path: Path, wave: Any, level_lufs: float, words: str) -> None:
    import numpy as np
    import soundfile

    loud = np.flatnonzero(np.abs(wave) > _SILENCE)
    if not len(loud):
        raise SpeechError(f"the engine says nothing: write {words!r} otherwise in [respell]")
    wave = wave[loud[0] : loud[-1] + 1] * 10 ** ((TARGET_LUFS - level_lufs) / 20)
    wave = wave * min(1.0, PEAK / float(np.abs(wave).max()))
    wave = np.concatenate([np.zeros(round(_LEAD_S * RATE)), wave, np.zeros(round(_TAIL_S * RATE))])
    # libsndfile: level 0 is 256 kbit/s a channel, level 1 is 6.
    level = 1 - (BIT_RATE / 1000 - 6) / 250
    half = path.with_suffix(".half")
    with soundfile.SoundFile(
        half, "w", samplerate=RATE, channels=1, format="OGG", subtype="OPUS", compression_level=level
    ) as file:
        for start in range(0, len(wave), 8192):
            file.write(wave[start : start + 8192])
    half.rename(path)


# ---- checking --------------------------------------------------------------------------------------------


def unspoken(profile: Profile, folder: Path) -> Iterator[tuple[str, str, str]]:
    """(language, sample, piece) of everything on the screens with this profile's words that has no clip."""
    clips = Clips(folder)
    for language in profile.languages:
        seen: set[str] = set()
        for name, line in lines_of(language, local_words(profile, language)):
            for text in line.words:
                for piece in clips.missing(text, language):
                    if piece not in seen:
                        seen.add(piece)
                        yield language, f"{name} {line.id}", piece


def lines_of(language: str, local: samples.Local) -> Iterator[tuple[str, reading.Line]]:
    """Everything that may be read out of the samples: whole screens, targets, how to use them."""
    from screens.fonts import Faces
    from screens.layout import build
    from screens.panel import REFERENCE

    faces = Faces()
    usual = samples.LOCAL[language]
    samples.LOCAL[language] = local
    try:
        for name, sample in samples.samples(language):
            view = samples.wished(sample, spoken=True)
            if not reading.readable(view):
                continue
            screen = build(view, REFERENCE, faces)
            for part in range(screen.parts):
                screen = build(view, REFERENCE, faces, turned=part) if part else screen
                yield from ((name, line) for line in (*reading.whole(view, screen), *reading.how(view, screen)))
                for target in (None, *screen.targets()):
                    if target is None or not target.direct:
                        yield from ((name, line) for line in reading.told(view, target, twice=True))
            for other in _variants(view):
                found = reading.changed(other, view, screen)
                yield from ((name, line) for line in found or [])
    finally:
        samples.LOCAL[language] = usual


def _variants(view: vm.View) -> Iterator[vm.View]:
    """The view as it may have been a moment before."""
    match view:
        case vm.PinPad():
            yield replace(view, digits=(view.digits + 1) % 5)
        case vm.Pay():
            yield replace(view, inserted_yen=view.inserted_yen + 10)
        case vm.ChooseCopies():
            yield replace(view, copies=view.copies + 1)
        case vm.ChooseItems():
            yield replace(view, items=tuple(replace(item, on=not item.on) for item in view.items))
        case vm.ChooseMembers():
            yield replace(view, members=tuple(replace(row, on=not row.on) for row in view.members))

"""``python -m screens.render_voices``: renders what is spoken into ``screens/voices/<language>``.

Phrases whose words have changed are rendered anew, and the clips by which screens are read out, as far as they are
missing; with ids of phrases only these, changed or not. ``--profile config/saga.toml`` (several are possible) adds the
clips of municipalities' own words. ``--all`` renders every phrase anew. ``--language en``: this one only. These render
nothing: ``--measure`` compares the phrases with their manifests, ``--check --profile …`` lists the words on the
screens that would stay unspoken.

Needs what `make voices` installs, and ffmpeg to measure. Loudness is measured by EBU R 128 and set with a single gain
per phrase; a phrase whose peak would pass -1 dBFS gets less.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from config.errors import ConfigError
from config.load import load_profile
from screens.render_clips import of_a_municipality, of_the_screens, unspoken
from screens.render_clips import render as render_clips
from screens.speech import RATE, Engine, SpeechError, Spoken, engine
from screens.strings import languages, spoken, spoken_words

SPEED: Final = 0.9
TARGET_LUFS: Final = -20.0
PEAK_DBFS: Final = -1.0
QUALITY: Final = 0.5
LEAD_S: Final = 0.05
TAIL_S: Final = 0.15
SILENCE: Final = 10 ** (-50 / 20)
FOLDER: Final = Path(__file__).parent / "voices"
MEASURED_AGAIN: Final = 0.2
"""LU by which a second measurement may differ."""


def measure(path: Path) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBFS of a sound file (ffmpeg, ebur128)."""
    result = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"],
        check=True,
        capture_output=True,
        text=True,
    )
    summary = result.stderr.rsplit("Summary:", 1)[1]
    loudness = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)
    if loudness is None or peak is None:
        raise RuntimeError(f"ffmpeg did not measure {path}")
    return float(loudness[1]), float(peak[1])


def trimmed(wave: Any, lead_s: float = LEAD_S, tail_s: float = TAIL_S) -> Any:
    """Without the engine's own silence, with ours."""
    import numpy as np

    loud = np.flatnonzero(np.abs(wave) > SILENCE)
    wave = wave[loud[0] : loud[-1] + 1]
    return np.concatenate([np.zeros(round(lead_s * RATE)), wave, np.zeros(round(tail_s * RATE))])


def levelled(wave: Any, probe: Path) -> Any:
    """At TARGET_LUFS, or quieter where its peak would pass PEAK_DBFS. probe: a file to measure by, removed again."""
    import soundfile

    try:
        soundfile.write(probe, wave * 0.5, RATE, subtype="FLOAT")
        loudness, peak = measure(probe)
    finally:
        probe.unlink(missing_ok=True)
    gain_db = min(TARGET_LUFS - loudness, PEAK_DBFS - 0.3 - peak)
    return wave * 0.5 * 10 ** (gain_db / 20)


def render(phrase: str, text: str, said: Spoken, folder: Path) -> dict[str, Any]:
    """One phrase into `folder`; returns its line of the manifest."""
    import soundfile

    path = folder / f"{phrase}.ogg"
    wave = levelled(trimmed(said.wave), folder / f"{phrase}.probe.wav")
    with soundfile.SoundFile(
        path, "w", samplerate=RATE, channels=1, format="OGG", subtype="VORBIS", compression_level=1 - QUALITY
    ) as file:
        # In pieces: libsndfile's Vorbis writer does not take a long one at once.
        for start in range(0, len(wave), 8192):
            file.write(wave[start : start + 8192])
    loudness, peak = measure(path)
    return {
        "id": phrase,
        "file": path.name,
        "text": text,
        "kana": said.transcript,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "seconds": round(len(wave) / RATE, 2),
        "lufs": loudness,
        "peak_dbfs": peak,
    }


def render_language(language: str, *, everything: bool, ids: list[str]) -> None:
    """Phrases of one language and their manifest."""
    folder = FOLDER / language
    folder.mkdir(parents=True, exist_ok=True)
    texts = spoken(language)
    speaker: Engine = engine(language, spoken_words(language, "lexicon"))
    kept = {} if everything else _kept(folder, texts)
    kept = {phrase: entry for phrase, entry in kept.items() if phrase not in ids}
    anew = [phrase for phrase in texts if phrase not in kept]
    waves = dict(zip(anew, speaker.speak([texts[phrase] for phrase in anew], SPEED), strict=True)) if anew else {}
    phrases = [kept.get(phrase) or render(phrase, text, waves[phrase], folder) for phrase, text in texts.items()]
    wanted = {entry["file"] for entry in phrases}
    for old in folder.glob("*.ogg"):
        if old.name not in wanted:
            old.unlink()
    about = speaker.about()
    manifest = {
        "language": language,
        "engine": about.engine,
        "version": about.version,
        "voice": about.voice,
        "credit": about.credit,
        "speed": SPEED,
        "rate": RATE,
        "phrases": phrases,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for entry in phrases:
        if entry["id"] in waves:
            figures = f"{entry['seconds']:5.2f} s {entry['lufs']:6.1f} LUFS {entry['peak_dbfs']:5.1f} dBFS"
            print(f"{language} {entry['id']:26} {figures}  {entry['kana']}")


def _kept(folder: Path, texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What the manifest says of the phrases that are there and still say the same."""
    path = folder / "manifest.json"
    if not path.is_file():
        return {}
    return {
        entry["id"]: entry
        for entry in json.loads(path.read_text(encoding="utf-8"))["phrases"]
        if texts.get(entry["id"]) == entry["text"] and (folder / entry["file"]).is_file()
    }


def measure_again(language: str) -> list[str]:
    """Phrases that do not sound as their manifest says, each with what is wrong."""
    folder = FOLDER / language
    wrong: list[str] = []
    for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["phrases"]:
        path = folder / entry["file"]
        loudness, peak = measure(path)
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            wrong.append(f"{path.name}: not the file of the manifest")
        if abs(loudness - entry["lufs"]) > MEASURED_AGAIN or abs(loudness - TARGET_LUFS) > 1:
            wrong.append(f"{path.name}: {loudness} LUFS, the manifest says {entry['lufs']}")
        if peak > PEAK_DBFS:
            wrong.append(f"{path.name}: peak {peak} dBFS")
    return wrong


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m screens.render_voices", description="Renders what is spoken.")
    parser.add_argument("phrases", nargs="*", metavar="ID", help="only these phrases")
    parser.add_argument("--language", choices=languages(), help="only this language")
    parser.add_argument("--all", action="store_true", help="render every phrase anew, changed or not")
    parser.add_argument("--profile", type=Path, action="append", default=[], help="a municipality's file; repeatable")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--measure", action="store_true", help="only measure what is there")
    only.add_argument("--check", action="store_true", help="only list what would stay unspoken with the profiles")
    options = parser.parse_args(arguments)
    chosen = [options.language] if options.language else list(languages())
    if unknown := sorted(set(options.phrases) - set(spoken(chosen[0]))):
        print(f"no such phrase: {', '.join(unknown)}; add it to strings/spoken/{chosen[0]}.toml", file=sys.stderr)
        return 2
    try:
        profiles = [load_profile(path) for path in options.profile]
        if options.check:
            return _report(f"{language}: {where}: {piece}" for profile in profiles
                           for language, where, piece in unspoken(profile, FOLDER))  # fmt: skip
        if options.measure:
            return _report(line for language in chosen for line in measure_again(language))
        for language in chosen:
            render_language(language, everything=options.all, ids=options.phrases)
            if options.phrases:
                continue
            wanted = of_the_screens(language)
            for profile in profiles:
                if language in profile.languages:
                    wanted |= of_a_municipality(profile, language)
            print(f"{language}: {render_clips(wanted, language, FOLDER)} clips made")
    except (SpeechError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _report(lines: Iterable[str]) -> int:
    found = list(lines)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

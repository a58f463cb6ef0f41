"""``python -m screens.render_voices``: renders every Japanese phrase anew into ``screens/voices/ja``.

With ids of phrases as arguments only those are rendered; the others stay as they are.

Needs the optional packages `voices` (pyopenjtalk-plus), `numpy` and `soundfile`, and ffmpeg to measure. Loudness
is measured by EBU R 128 and set with a single gain per phrase; a phrase whose peak would pass -1 dBFS gets less.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from screens.strings import spoken

SPEED: Final = 0.9
TARGET_LUFS: Final = -20.0
PEAK_DBFS: Final = -1.0
RATE: Final = 48_000
QUALITY: Final = 0.5
LEAD_S: Final = 0.05
TAIL_S: Final = 0.15
SILENCE: Final = 10 ** (-50 / 20)
FOLDER: Final = Path(__file__).parent / "voices" / "ja"
ENGINE: Final = "pyopenjtalk-plus"
VOICE: Final = "HTS voice Mei (normal)"
CREDIT: Final = (
    'HTS Voice "Mei", Copyright (c) 2009-2013 Nagoya Institute of Technology, Department of Computer Science, '
    "released by MMDAgent Project Team (http://www.mmdagent.jp/), "
    "CC BY 3.0 (https://creativecommons.org/licenses/by/3.0/)"
)


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


def render(phrase: str, text: str, folder: Path) -> dict[str, Any]:
    """One phrase into `folder`; returns its line of the manifest."""
    import numpy as np
    import pyopenjtalk
    import soundfile

    raw, rate = pyopenjtalk.tts(text, speed=SPEED)
    if rate != RATE:
        raise RuntimeError(f"the engine speaks at {rate} Hz, not {RATE}")
    wave = np.asarray(raw, dtype=np.float64) / 32768.0
    loud = np.flatnonzero(np.abs(wave) > SILENCE)
    wave = wave[loud[0] : loud[-1] + 1]
    wave = np.concatenate([np.zeros(round(LEAD_S * RATE)), wave, np.zeros(round(TAIL_S * RATE))])

    path = folder / f"{phrase}.ogg"
    probe = folder / f"{phrase}.probe.wav"
    try:
        soundfile.write(probe, wave * 0.5, RATE, subtype="FLOAT")
        loudness, peak = measure(probe)
    finally:
        probe.unlink(missing_ok=True)
    gain_db = min(TARGET_LUFS - loudness, PEAK_DBFS - 0.3 - peak)
    wave = wave * 0.5 * 10 ** (gain_db / 20)
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
        "kana": pyopenjtalk.g2p(text, kana=True),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "seconds": round(len(wave) / RATE, 2),
        "lufs": loudness,
        "peak_dbfs": peak,
    }


def main(only: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    texts = spoken("ja")
    if unknown := sorted(set(only) - set(texts)):
        print(f"no such phrase: {', '.join(unknown)}; add it to [spoken] of strings/ja.toml", file=sys.stderr)
        return 2
    kept = _kept(texts) if only else {}
    phrases = [
        kept[phrase] if phrase in kept and phrase not in only else render(phrase, text, FOLDER)
        for phrase, text in texts.items()
    ]
    wanted = {entry["file"] for entry in phrases}
    for old in FOLDER.glob("*.ogg"):
        if old.name not in wanted:
            old.unlink()
    manifest = {
        "language": "ja",
        "engine": ENGINE,
        "version": importlib.metadata.version(ENGINE),
        "voice": VOICE,
        "credit": CREDIT,
        "speed": SPEED,
        "rate": RATE,
        "phrases": phrases,
    }
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for entry in phrases:
        figures = f"{entry['seconds']:5.2f} s {entry['lufs']:6.1f} LUFS {entry['peak_dbfs']:5.1f} dBFS"
        print(f"{entry['id']:20} {figures}  {entry['kana']}")
    return 0


def _kept(texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What the manifest says of the phrases that are there and still say the same."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return {
        entry["id"]: entry
        for entry in manifest["phrases"]
        if texts.get(entry["id"]) == entry["text"] and (FOLDER / entry["file"]).is_file()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

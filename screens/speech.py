"""The engines that speak when the voices are rendered; never on a machine.

Japanese: Open JTalk (pyopenjtalk-plus) with the voice "Mei". English: Festival with the HTS voice of CMU ARCTIC slt
(Debian: festival, festvox-us-slt-hts). Both give sound at 48 kHz, mono, and a transcript of what they will say, so
that a wrong reading is seen without listening.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

RATE: Final = 48_000


class SpeechError(RuntimeError):
    """An engine is missing or failed; the message says what to install."""


@dataclass(frozen=True)
class Spoken:
    """wave: numpy float64, 48 kHz, about -1 … 1 and maybe beyond. transcript: kana, or phones of English."""

    wave: Any
    transcript: str


@dataclass(frozen=True)
class About:
    """What the manifest says of an engine."""

    engine: str
    version: str
    voice: str
    credit: str


class Engine(Protocol):
    level_lufs: float
    """How loud the engine speaks by itself, on average: for clips that are pieces of a line, so that one gain keeps
    them as they go together."""

    def about(self) -> About: ...

    def speak(self, texts: Sequence[str], speed: float) -> list[Spoken]:
        """speed: 1 as the engine would, less is slower. Raises SpeechError."""


class Japanese:
    level_lufs = -17.2

    def about(self) -> About:
        package = "pyopenjtalk-plus"
        return About(
            package,
            importlib.metadata.version(package),
            "HTS voice Mei (normal)",
            'HTS Voice "Mei", Copyright (c) 2009-2013 Nagoya Institute of Technology, Department of Computer Science, '
            "released by MMDAgent Project Team (http://www.mmdagent.jp/), "
            "CC BY 3.0 (https://creativecommons.org/licenses/by/3.0/)",
        )

    def speak(self, texts: Sequence[str], speed: float) -> list[Spoken]:
        try:
            import numpy as np
            import pyopenjtalk
        except ImportError as error:
            raise SpeechError("pyopenjtalk-plus is missing: run 'make voices'") from error
        found: list[Spoken] = []
        for text in texts:
            raw, rate = pyopenjtalk.tts(text, speed=speed)
            if rate != RATE:
                raise SpeechError(f"the engine speaks at {rate} Hz, not {RATE}")
            # Scaled for 16 bits, but not limited to them: as a whole number it would wrap.
            wave = np.asarray(raw, dtype=np.float64) / 32768.0
            found.append(Spoken(wave, str(pyopenjtalk.g2p(text, kana=True))))
        return found


_VOICE: Final = "cmu_us_slt_arctic_hts"
_PACKAGE: Final = "festvox-us-slt-hts"


class English:
    """lexicon: word in small letters → its phones, as the engine names them, a stress after each vowel ("jh uw1")."""

    level_lufs = -24.1

    def __init__(self, lexicon: Mapping[str, str]) -> None:
        self._lexicon = dict(lexicon)

    def about(self) -> About:
        asked = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", _PACKAGE], capture_output=True, text=True, check=False
        )
        return About(
            "festival",
            asked.stdout.strip() or "unknown",
            f"HTS voice {_VOICE}",
            "Voice CMU ARCTIC slt, Copyright (c) 2003 Carnegie Mellon University, "
            "HTS model Copyright (c) 2001-2010 Nagoya Institute of Technology, Tokyo Institute of Technology; "
            "free of charge for any purpose, with this notice (Debian: festvox-us-slt-hts); "
            "the sounds were slowed and set to an even loudness",
        )

    def speak(self, texts: Sequence[str], speed: float) -> list[Spoken]:
        if shutil.which("festival") is None:
            raise SpeechError(f"the English engine is missing: sudo apt-get install festival {_PACKAGE}")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            script = folder / "speak.scm"
            script.write_text("\n".join(self._script(texts, speed, folder)), encoding="utf-8")
            ran = subprocess.run(
                ["festival", "-b", str(script)],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
            waves = [folder / f"{number}.wav" for number in range(len(texts))]
            if ran.returncode or not all(path.is_file() for path in waves):
                raise SpeechError(f"festival failed; is {_PACKAGE} installed? {ran.stderr.strip()[-500:]}")
            phones = [line[2:] for line in ran.stdout.splitlines() if line.startswith("> ")]
            return [Spoken(_at_48k(path), said) for path, said in zip(waves, phones, strict=True)]

    def _script(self, texts: Sequence[str], speed: float, folder: Path) -> list[str]:
        lines = [f"(voice_{_VOICE})"]
        lines.append(f'(set! hts_engine_params (append hts_engine_params (list (list "-r" {speed}))))')
        for word, phones in self._lexicon.items():
            lines.append(f'(lex.add.entry \'("{word}" n ({_syllable(phones)})))')
        for number, text in enumerate(texts):
            if not text.isascii():
                raise SpeechError(f"not English: {text!r}; write it with plain letters")
            quoted = text.replace("\\", "").replace('"', "")
            lines.append(f'(set! u (utt.synth (Utterance Text "{quoted}")))')
            lines.append(f'(utt.save.wave u "{folder / f"{number}.wav"}")')
            lines.append('(format t "> ")')
            lines.append('(mapcar (lambda (s) (format t "%s " (item.name s))) (utt.relation.items u \'Segment))')
            lines.append('(format t "\\n")')
        return lines


def _syllable(phones: str) -> str:
    """ "jh uw1 k iy0" → "((jh uw) 1) ((k iy) 0)": a syllable ends with its vowel, the last one with the word."""
    parts: list[tuple[list[str], str]] = []
    current: list[str] = []
    for phone in phones.split():
        if phone[-1].isdigit():
            parts.append(([*current, phone[:-1]], phone[-1]))
            current = []
        else:
            current.append(phone)
    if current and parts:
        parts[-1][0].extend(current)
    return " ".join(f"(({' '.join(names)}) {stress})" for names, stress in parts)


def _at_48k(path: Path) -> Any:
    import numpy as np

    ran = subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-i", str(path), "-ar", str(RATE), "-ac", "1", "-f", "f32le", "-"],
        capture_output=True,
        check=True,
    )
    return np.frombuffer(ran.stdout, dtype="<f4").astype(np.float64)


def engine(language: str, lexicon: Mapping[str, str]) -> Engine:
    """The engine of a language. Raises SpeechError for one that has none."""
    if language == "ja":
        return Japanese()
    if language == "en":
        return English(lexicon)
    raise SpeechError(f"no engine speaks {language!r}: add one to screens/speech.py")

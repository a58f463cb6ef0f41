"""Makes the committed font files anew: ``python -m screens.fonts.make_fonts`` (needs fontTools).

Sources, both under the SIL Open Font License 1.1: the Debian packages ``fonts-morisawa-bizud-gothic``
(BIZ UDPGothic, copied unchanged) and ``fonts-noto-cjk`` (Noto Sans CJK JP Bold). Of the second only what the
first lacks is kept: every ideograph, the rest of JIS X 0213, and the ideographic variation sequences that
BIZ UDPGothic does not know, so that any character a register may write in a name has a glyph. The subset gets
a name of its own, because it is no longer the font that its authors released.
"""

from __future__ import annotations

import shutil
import sys
import unicodedata
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
BIZ_FOLDER = Path("/usr/share/fonts/truetype/bizud-gothic")
NOTO_BOLD = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
JAPANESE_FACE = 0
FAMILY = "Kiosk Name Gothic"


def jis_x_0213() -> set[int]:
    """All code points of JIS X 0213 (2000 and 2004), both planes."""
    found: set[int] = set()
    for codec in ("euc_jis_2004", "euc_jisx0213"):
        for plane in (b"", b"\x8f"):
            for row in range(0xA1, 0xFF):
                for cell in range(0xA1, 0xFF):
                    try:
                        text = (plane + bytes([row, cell])).decode(codec)
                    except UnicodeDecodeError:
                        continue
                    found.update(map(ord, text))
    return found


def is_ideograph(code: int) -> bool:
    name = unicodedata.name(chr(code), "")
    return "CJK" in name and "IDEOGRAPH" in name


def sequences(font: TTFont) -> set[tuple[int, int]]:
    """(base, variation selector) pairs of a font's cmap format 14."""
    for table in font["cmap"].tables:
        if table.format == 14:
            return {(base, selector) for selector, pairs in table.uvsDict.items() for base, _glyph in pairs}
    return set()


def make_fallback(target: Path) -> None:
    biz = TTFont(BIZ_FOLDER / "BIZUDPGothic-Regular.ttf")
    noto = TTFont(NOTO_BOLD, fontNumber=JAPANESE_FACE)
    have, offered = set(biz.getBestCmap()), set(noto.getBestCmap())
    wanted = {code for code in offered - have if is_ideograph(code)} | (jis_x_0213() & offered - have)
    extra = sequences(noto) - sequences(biz)
    wanted |= {base for base, _selector in extra} | {selector for _base, selector in extra}

    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = True
    options.notdef_outline = True
    options.drop_tables += ["BASE", "GPOS", "GSUB", "GDEF", "VORG", "vhea", "vmtx"]
    worker = subset.Subsetter(options)
    worker.populate(unicodes=wanted)
    worker.subset(noto)
    for record in noto["name"].names:
        if record.nameID in {1, 3, 4, 6, 16}:
            record.string = FAMILY.replace(" ", "") if record.nameID == 6 else FAMILY
    noto["head"].modified = noto["head"].created
    noto.recalcTimestamp = False
    noto.save(target)


def main() -> int:
    for source in (BIZ_FOLDER / "BIZUDPGothic-Regular.ttf", BIZ_FOLDER / "BIZUDPGothic-Bold.ttf", NOTO_BOLD):
        if not source.is_file():
            print(
                f"{source} is missing: apt-get install fonts-morisawa-bizud-gothic fonts-noto-cjk",
                file=sys.stderr,
            )
            return 1
    for weight in ("Regular", "Bold"):
        shutil.copyfile(BIZ_FOLDER / f"BIZUDPGothic-{weight}.ttf", HERE / f"BIZUDPGothic-{weight}.ttf")
    make_fallback(HERE / "KioskNameGothic-Bold.otf")
    return 0


if __name__ == "__main__":
    sys.exit(main())

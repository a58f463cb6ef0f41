"""Texts, line breaking and faces."""

import re
import string
from pathlib import Path

import pygame
import pytest
from fontTools.ttLib import TTFont

from screens import fonts
from screens.fonts import Coverage, Faces, FontError
from screens.linebreak import NOT_AT_END, NOT_AT_START, atoms, break_lines, is_widow
from screens.samples import REASONS
from screens.strings import PHRASES, UnknownText, languages, spoken, table

REFUSALS = {
    "card_unknown", "card_phone", "card_felica", "several_cards", "card_unreadable", "card_removed", "card_expired",
    "card_not_yet_valid", "card_unknown_issuer", "card_juki_expired", "card_not_served", "other_city", "pin_blocked",
    "pin_never_set", "not_registered", "certificate_revoked", "status_unknown", "not_in_service", "not_available",
    "nothing_registered", "outside_hours", "too_many_pages", "fee_changed", "copies_exceeded", "city_unavailable",
    "page_unreadable", "mismatch", "not_me", "printer_not_ready", "receipt_not_ready", "change_short", "cancelled",
    "timed_out", "paid_back", "printing_failed", "printing_unknown", "left_behind", "power_cut", "other",
}  # fmt: skip
PAUSES = {
    "reader", "cash", "printer", "issuer", "paper", "change", "stopped", "sound", "sensors", "left_behind", "journal",
    "receipt", "camera", "staff", "other",
}  # fmt: skip
CLOSED = {
    "before_hours", "after_hours", "weekday_closed", "holiday", "year_end", "exception", "not_started", "server",
}  # fmt: skip
"""What the core may give as a reason; the pages have words for others, but these must say what it is."""


@pytest.mark.parametrize(("language", "stop"), [("ja", "。"), ("en", ".")])
def test_every_reason_has_words_and_every_refusal_says_what_happened_and_what_to_do(language: str, stop: str) -> None:
    words = table(language)
    own = words.ids()
    assert set(REASONS) >= REFUSALS - {"other"}
    for reason in REFUSALS | set(REASONS):
        assert {f"refused.{reason}.{part}" for part in ("title", "what", "do")} <= own, reason
        for part in ("what", "do"):
            assert words.get(f"refused.{reason}.{part}").endswith(stop), (reason, part)
    assert {f"out.{reason}" for reason in PAUSES} | {f"closed.{reason}" for reason in CLOSED} <= own


def test_no_language_is_mixed_with_another() -> None:
    """No Japanese among the English, no Latin word among the Japanese; the names of the languages are their own."""
    english = table("en")
    for text_id in english.ids() - {"language.ja"}:
        assert english.pattern(text_id).replace("\u00a0", " ").isprintable(), text_id
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", english.pattern(text_id)), text_id
    for text_id in table("ja").ids() - {"language.en", "staff.command"}:
        assert not re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", table("ja").pattern(text_id))), text_id
    for text in spoken("en").values():
        assert text.isascii()
    # Every text says something; only the honorific has no English.
    silent = [text_id for language in languages() for text_id in table(language).ids()
              if not table(language).pattern(text_id).strip()]  # fmt: skip
    assert silent == ["arrived.honorific"]


CALENDAR = {"hour", "twelve", "half", "month", "weekday"}
"""Every language says days and times in its own way."""


def values(language: str, text_id: str) -> set[str]:
    """Names in braces."""
    pattern = table(language).pattern(text_id)
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def test_every_language_has_the_texts_and_phrases_of_japanese() -> None:
    """The staff's pages are Japanese in every language. A value of a text is named in all of them or in none."""
    assert languages() == ("ja", "en")
    for language in languages():
        asked = {text_id for text_id in table("ja").ids() if not text_id.startswith("staff.")}
        assert {text_id for text_id in table(language).ids() if not text_id.startswith("staff.")} == asked
        assert set(spoken(language)) == set(PHRASES)
        for text_id in asked:
            free = CALENDAR if text_id.startswith("head.") else set()
            assert values(language, text_id) - free == values("ja", text_id) - free, (language, text_id)


def test_an_unknown_id_is_an_error_that_says_where() -> None:
    with pytest.raises(UnknownText, match=r"ja\.toml"):
        table("ja").get("no.such.text")


def fixed(text: str) -> float:
    return float(len(text))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("カードを読み取り台に置いてください", 12, ("カードを読み取り台に", "置いてください")),
        (
            "お名前の一部を出しています。あなたの証明書ですか。",
            23,
            ("お名前の一部を出しています。", "あなたの証明書ですか。"),
        ),
        ("これでよろしいですか", 9, ("これで", "よろしいですか")),
        ("短い文", 10, ("短い文",)),
        ("一行目\n二行目", 10, ("一行目", "二行目")),
    ],
)
def test_lines_end_at_phrases(text: str, width: float, lines: tuple[str, ...]) -> None:
    assert break_lines(text, width, fixed, 2) == lines


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Please take your card now", 16, ("Please take", "your card now")),
        ("Ask at the multi-copy machine", 17, ("Ask at the multi-", "copy machine")),
        ("Call 03-555-0100 or ask", 15, ("Call", "03-555-0100", "or ask")),
        ("It is done. Please take it and go home", 28, ("It is done.", "Please take it and go home")),
        ("Fujisawa City　Certificate machine", 20, ("Fujisawa City", "Certificate machine")),
    ],
)
def test_english_lines_end_after_words_and_hyphens(text: str, width: float, lines: tuple[str, ...]) -> None:
    assert break_lines(text, width, fixed, 3, "en") == lines
    assert break_lines("Indivisible", 5, fixed, 3, "en") is None


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (
            "停電などで途中で止まったため、お預かりしたお金をお返ししています。",
            ("止まったため、", "お返ししています。"),
        ),
        ("お金はまだいりません。変えるときは「もどる」を押してください。", ("変えるときは", "「もどる」を")),
        ("これ以上は延ばせないので、このあと初めの画面にもどります。", ("このあと", "画面にもどります。")),
        ("世帯全員か、えらんだ方の写しです", ("えらんだ方の",)),
        ("出ている紙があればお取りになり、窓口へお越しください。", ("お取りになり、",)),
        ("暗証番号を押せるのはあと1回です", ("あと1回です",)),
        ("番号がちがいます。もう一度押してください", ("ちがいます。", "もう一度")),
        ("用紙がなくなりました。職員にお知らせください", ("お知らせください",)),
        ("火曜日 8時30分〜17時15分、水曜日 8時30分〜19時", ("火曜日 8時30分〜17時15分、",)),
        ("2027年4月22日(木) 9:00 から", ("4月22日(木)",)),
        ("20人のうち 9〜10", ("20人のうち",)),
        ("あと およそ1分20秒です", ("およそ1分20秒です",)),
        ("お尋ね先：市民生活課の窓口", ("お尋ね先：市民生活課の",)),
    ],
)
def test_what_is_said_in_one_breath_stays_together(text: str, whole: tuple[str, ...]) -> None:
    pieces = [piece.strip() for piece in atoms(text)]
    for words in whole:
        assert any(words in piece for piece in pieces), pieces


def test_the_end_of_a_sentence_is_no_line_of_its_own() -> None:
    text = "300円は機械の中にあります。職員が確かめます。"
    assert break_lines(text, 11, fixed, 3) == ("300円は機械の", "中にあります。", "職員が確かめます。")
    text = "For example, the power was cut. Your data has been deleted."
    lines = break_lines(text, 26, fixed, 4, "en")
    assert lines is not None
    assert "was cut." not in lines


def test_an_english_line_ends_in_no_small_word_and_numbers_keep_what_they_count() -> None:
    assert break_lines("Please take your certificate", 17, fixed, 2, "en") == ("Please take", "your certificate")
    assert break_lines("Please wait a moment.", 14, fixed, 2, "en") == ("Please wait", "a moment.")
    assert break_lines("This can take about 20 seconds.", 24, fixed, 2, "en") == ("This can take", "about 20 seconds.")
    assert "8:30 a.m. " in atoms("It opens next at 8:30 a.m. on Tuesday", "en")


def test_kinsoku_holds_at_any_width() -> None:
    text = "写し・印鑑登録証明書・課税証明書を「もどる」で（１部）えらべます。600円、よろしいですか？"
    for width in range(6, 40):
        lines = break_lines(text, width, fixed, 20)
        assert lines is not None
        assert "".join(lines) == text
        for line in lines:
            assert line[0] not in NOT_AT_START
            assert line[-1] not in NOT_AT_END
        assert "600円" in text
        assert not any(line.endswith("600") for line in lines)


def test_a_full_width_space_never_makes_a_line_of_its_own() -> None:
    text = "コンビニエンスストアのマルチコピー機　毎日 6時30分〜23時、年末年始は休みます"
    for width in range(4, 40):
        lines = break_lines(text, width, fixed, 30)
        assert lines is not None
        assert all(line == line.strip() != "" for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())
    assert break_lines("　" * 9, 4, fixed, 2) == ("",)


def test_too_many_lines_are_said_and_not_cut() -> None:
    assert break_lines("証明書をお取りください", 4, fixed, 2) is None


def test_a_variation_selector_stays_with_its_base() -> None:
    assert "葛\U000e0100" in "".join(atoms("葛\U000e0100城市"))
    lines = break_lines("葛\U000e0100" * 8, 4, lambda text: float(len(text.replace("\U000e0100", ""))), 4)
    assert lines is not None
    assert all(line.startswith("葛") for line in lines)


@pytest.mark.parametrize("name", fonts.FILES.values())
def test_the_coverage_read_is_that_of_the_font(name: str) -> None:
    coverage = Coverage(fonts.FOLDER / name)
    with TTFont(fonts.FOLDER / name, lazy=True) as font:
        cmap = set(font.getBestCmap())
        uvs = next(t.uvsDict for t in font["cmap"].tables if t.format == 14)
    assert all((code in coverage) == (code in cmap) for code in range(0x20, 0x30000))
    pairs = {(base, selector) for selector, entries in uvs.items() for base, _ in entries}
    assert all(coverage.has_sequence(*pair) for pair in pairs)
    assert not coverage.has_sequence(ord("ん"), 0xE0100)


def test_rare_characters_of_names_come_from_the_second_face(faces: Faces) -> None:
    assert faces.can_draw("髙﨑𠮷邉鷗祇葛\U000e0100〇○①㈱")
    runs = faces.runs("𠮷田", bold=True)
    assert [(run.face, run.text) for run in runs] == [("name", "𠮷"), ("bold", "田")]
    # A form that only the second face has is drawn there; one that nobody has is drawn as its base.
    assert "".join(run.text for run in faces.runs("田\U000e01ef", bold=True)) == "田"
    assert not faces.can_draw("\U0001f600")
    assert faces.width("𠮷田", 40, bold=True) == pytest.approx(80, abs=2)


def test_all_ideographs_of_the_name_standards_can_be_drawn(faces: Faces) -> None:
    unified = [chr(code) for code in range(0x4E00, 0x9FEA)]
    missing = [char for char in unified if not faces.can_draw(char)]
    assert len(missing) / len(unified) < 0.001, missing[:20]


def test_a_missing_or_damaged_face_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FontError, match="make_fonts"):
        Faces(tmp_path)
    for name in fonts.FILES.values():
        (tmp_path / name).write_bytes(b"not a font at all, only some bytes")
    with pytest.raises(FontError, match="damaged"):
        Faces(tmp_path)


def test_the_shipped_fonts_are_small_and_licensed() -> None:
    assert (fonts.FOLDER / "KioskNameGothic-Bold.otf").stat().st_size < 6_000_000
    for name in ("OFL-BIZUDPGothic.txt", "OFL-KioskNameGothic.txt"):
        assert "SIL OPEN FONT LICENSE" in (fonts.FOLDER / name).read_text(encoding="utf-8")


def test_no_text_is_left_unused() -> None:
    """Every id of the table is named in the code, whole or as the beginning of a built one."""
    root = Path(fonts.__file__).parent.parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in [*root.glob("*.py"), *root.glob("pages/*.py")])
    built = ("head.", "language.", "step.", "closed.", "out.", "wait.", "take_card.lead_", "certificate.note.", "kind.",
             "household.", "items.", "printing.wait", "printing.now", "take.", "refused.", "thanks.", "copies.",
             "idle.", "confirm.", "members.", "staff.", "warning.", "foot.", "list.", "progress.")  # fmt: skip
    unused = [i for i in table("ja").ids() if f'"{i}"' not in code and not i.startswith(built)]
    assert unused == []


def ink(faces: Faces, text: str) -> tuple[int, tuple[int, int], bytes]:
    """How many pixels of one character are drawn, on how much room, and the picture."""
    (run,) = faces.runs(text, bold=True)
    drawn = faces.font(run.face, 40).render(run.text, True, (0, 0, 0))
    mask = pygame.mask.from_surface(drawn)
    boxes = mask.get_bounding_rects()
    whole = boxes[0].unionall(boxes[1:])
    return mask.count(), whole.size, pygame.image.tobytes(drawn, "RGBA")


def test_what_no_face_has_is_a_box_that_is_seen(faces: Faces) -> None:
    """A character of somebody's name is never dropped in silence."""
    boxes = [ink(faces, char) for char in ("\U0001f600", "\ue000", "\u0e01")]
    for count, (wide, high), _ in boxes:
        assert count > 200
        assert wide >= 20
        assert high >= 25
    assert len({picture for _, _, picture in boxes}) == 1
    names = [ink(faces, char)[2] for char in ("髙", "高", "﨑", "崎", "𠮷", "吉", "葛", "葛\U000e0100")]
    assert len(set(names)) == len(names)
    assert boxes[0][2] not in names


@pytest.mark.parametrize(
    ("lines", "widow"),
    [
        (("お名前の一部を出しています。あなたの証明書です", "か。"), True),
        (("このサービスは", "まだ", "始まっていません"), True),
        (("市民生活課の", "窓口"), True),
        (("何部", "必要ですか"), False),
        (("証明書が", "届きました"), False),
        (("色を", "はっきり"), False),
        (("一行だけ",), False),
    ],
)
def test_a_widow_is_known(lines: tuple[str, ...], widow: bool) -> None:
    assert is_widow(lines) is widow


def test_a_time_of_day_ends_no_sentence() -> None:
    text = "Open 8:30 a.m. to 5:15 p.m. and on Tuesdays to 7 p.m. only"
    assert break_lines(text, 30, fixed, 4, "en") == ("Open 8:30 a.m. to 5:15 p.m.", "and on Tuesdays to 7 p.m. only")

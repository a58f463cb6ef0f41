"""The page's files, looked at without a browser: names that fit, colours that can be read, words for everything."""

from __future__ import annotations

import re
from itertools import chain

from hardware_sim.bench.api import _Api
from hardware_sim.bench.assets import FONTS, STATIC, asset_routes
from hardware_sim.bench.cards import _strange, deck
from hardware_sim.bench.english import CHOICES, FAULTS, REMARKS
from hardware_sim.bench.faults import TARGETS, quick, vocabulary
from hardware_sim.bench.mirror import Picture
from hardware_sim.bench.snapshot import _names
from hardware_sim.bench.words import OFF, SCREENS, STARTING, UNKNOWN, doing
from hardware_sim.city.register import ResidentSummary
from hardware_sim.city.residents import households
from screens.layout import PAGES
from screens.theme import STANDARD, Colour, contrast

SCRIPTS = {path.name: path.read_text("utf-8") for path in STATIC.glob("*.js")}
STYLES = "".join(path.read_text("utf-8") for path in STATIC.glob("*.css"))
MARKUP = (STATIC / "index.html").read_text("utf-8")
TOKENS = dict(re.findall(r"--([a-z-]+): (#[0-9A-F]{6});", STYLES))
READABLE = 4.5
"""WCAG 2.2, 1.4.3: text against what it stands on."""
PAIRS = [
    *[(text, on) for text in ("ink", "soft") for on in ("paper", "card", "foot", "body", "track", "ai-tint")],
    *[(text, on) for text in ("ink", "soft") for on in ("yama-tint", "wakatake-tint", "shu-tint")],
    *[("ai-deep", on) for on in ("paper", "card", "foot", "body", "ai-tint", "yama-tint")],
    *[("ink", on) for on in ("gold", "silver", "copper")],
    *[("card", on) for on in ("ink", "ai", "ai-deep", "shu")],
    *[(text, on) for text in ("wakatake", "shu") for on in ("card", f"{text}-tint")],
    *[("ai-tint", on) for on in ("ink", "glass")],
]


def rgb(token: str) -> Colour:
    return int(TOKENS[token][1:3], 16), int(TOKENS[token][3:5], 16), int(TOKENS[token][5:7], 16)


def test_every_text_can_be_read_on_its_ground() -> None:
    weak = {pair: contrast(rgb(pair[0]), rgb(pair[1])) for pair in PAIRS}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < READABLE}


def test_the_page_has_the_panels_own_colours() -> None:
    own = {"glass", "edge", "lamp"}
    assert {*TOKENS} - own <= {name.replace("_", "-") for name in STANDARD.colours}
    for token in {*TOKENS} - own:
        assert rgb(token) == STANDARD.colours[token.replace("-", "_")], token


def test_every_colour_used_is_one_of_the_tokens() -> None:
    rules = STYLES.replace(STYLES[STYLES.index(":root") : STYLES.index("* { box-sizing")], "")
    assert not re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=[^{]*;)", rules)
    assert set(re.findall(r"var\(--([a-z-]+)", STYLES)) <= set(re.findall(r"--([a-z-]+):", STYLES))


def test_scripts_speak_of_elements_that_are_there() -> None:
    there = set(re.findall(r'\bid="([^"]+)"', MARKUP))
    for name, script in SCRIPTS.items():
        asked = set(re.findall(r'\$\("([^"]+)"\)', script))
        assert asked <= there, (name, asked - there)
    ids = re.findall(r'\bid="([^"]+)"', MARKUP)
    assert len(ids) == len(set(ids))


def test_the_page_can_do_all_that_a_program_can() -> None:
    """Every POST of the interface is sent from somewhere on the page, and nothing else is."""
    routes = (route.path for route in _Api(None).routes() if "POST" in (getattr(route, "methods", None) or ()))  # type: ignore[arg-type]
    known = {path.removeprefix("/api/") for path in routes}
    sent = set(re.findall(r'send\("([a-z]+)"', "".join(SCRIPTS.values())))
    sent |= {"fault", "clear"} if 'send(state?.powered ? "fault" : "clear"' in SCRIPTS["front.js"] else set()
    assert sent == known


def test_the_page_is_made_of_its_own_files_only() -> None:
    served = {route.path for route in asset_routes()}
    linked = re.findall(r'(?:href|src)="(/[^"]+)"', MARKUP)
    linked += re.findall(r'url\("([^"]+)"\)', STYLES)
    linked += re.findall(r'from "([^"]+)"', "".join(SCRIPTS.values()))
    assert set(linked) | {"/"} == served
    everything = MARKUP + STYLES + "".join(SCRIPTS.values())
    outside = re.findall(r"https?://[^\s\"'`]+", everything)
    assert {each for each in outside if "${location" not in each} == {"http://www.w3.org/2000/svg"}
    assert all((FONTS / path.removeprefix("/fonts/")).exists() for path in served if path.startswith("/fonts/"))


# ---- words ------------------------------------------------------------------------------------------------


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_there_are_words_for_every_screen() -> None:
    assert set(SCREENS) == {*(snake(view.__name__) for view in PAGES), "warning"}
    for each in (*SCREENS.values(), OFF, STARTING, UNKNOWN):
        assert all(each.to_json().values())
    assert doing("pay", powered=False) is OFF
    assert doing("", powered=True) is STARTING
    assert doing("something_new", powered=True) is UNKNOWN


EVERY_FAULT = {
    (each.target, each.name): each
    for each in chain(vocabulary(sensors=True, camera=True), vocabulary(sensors=True, radio=True))
}


def test_every_fault_is_explained_in_both_languages() -> None:
    assert set(FAULTS) == set(EVERY_FAULT)
    assert {target for target, _ in EVERY_FAULT} == set(TARGETS)
    assert set(quick()) <= set(EVERY_FAULT)
    choices = {choice for each in EVERY_FAULT.values() for key in each.choices for choice in each.choices[key]}
    steps = {choice for each in EVERY_FAULT.values() for choice in each.choices.get("step", ())}
    assert choices - steps <= set(CHOICES)


def test_an_explanation_has_values_and_words_where_the_programs_names_stood() -> None:
    for fault in EVERY_FAULT.values():
        words = set(re.findall(r"[a-z_]{2,}", fault.explained)) - {"pcscd"}
        assert not words & ({*fault.parameters} | {choice for each in fault.choices.values() for choice in each})
    assert EVERY_FAULT["power", "cut"].explained.endswith("電源が3秒切れて、戻ります。")


def test_whatever_is_special_about_a_person_is_said_in_english_too() -> None:
    remarks = {person.remarks for household in households() for person in household.members if person.remarks}
    people = [ResidentSummary("r001", "佐賀　花子", 4, 1, "", "", None)]
    special = {card.special for card in (*deck(people, "412015").values(), *_strange()) if card.special}
    assert remarks | special <= set(REMARKS)


def test_a_target_is_called_by_what_stands_on_it() -> None:
    texts = (("language.en", "English"), ("foot.back", "もどる"), ("pin_pad.erase", "けす"))
    places = dict.fromkeys(("language-en", "back", "erase", "something"), (0.0, 0.0, 0.1, 0.1))
    picture = Picture(1, 1, "pin_pad", "", "", texts, places, 1, 1, b"")
    assert _names(picture) == {"language-en": "English", "back": "もどる", "erase": "けす", "something": "something"}

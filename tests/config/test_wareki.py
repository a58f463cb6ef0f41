"""Era dates at every change of era."""

from datetime import date

import pytest

from config.wareki import wareki


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 22), "令和8年11月22日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(2019, 12, 31), "令和元年12月31日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1990, 1, 1), "平成2年1月1日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1873, 1, 1), "明治6年1月1日"),
    ],
)
def test_a_date_in_its_era(day: date, text: str) -> None:
    assert wareki(day) == text


def test_a_date_of_the_old_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="1872-12-31 lies before"):
        wareki(date(1872, 12, 31))


def test_a_new_era_is_a_row_of_the_table() -> None:
    eras = (("未定", date(2050, 4, 1), 2050), ("令和", date(2019, 5, 1), 2019))
    assert wareki(date(2050, 4, 1), eras) == "未定元年4月1日"
    assert wareki(date(2050, 3, 31), eras) == "令和32年3月31日"

"""Makes up incomes, the residents' tax on them, and what was paid. The arithmetic is the law's, simplified.

Fiscal years 2025 and 2026 (令和7年度, 令和8年度). What is simplified: one table of 給与所得 for both years, 調整控除 as
for somebody without dependants, no credits (no 寄附金, no 住宅借入金).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from hardware_sim.city.holdings import Amount, IncomeYear, TaxItem
from hardware_sim.city.residents import BASE_DAY, Person, age
from hardware_sim.city.towns import Town

YEARS = (2025, 2026)
ASSESSED_FROM = (6, 1)
"""Month and day from which a fiscal year's certificate can be had."""
RESIDENTS_TAX = "市県民税（普通徴収）"
WITHHELD_TAX = "市県民税（特別徴収）"
PROPERTY_TAX = "固定資産税・都市計画税"
CAR_TAX = "軽自動車税（種別割）"

_BASIC, _SPOUSE, _DEPENDANT = 430_000, 330_000, 330_000
_CITY_PER_CAPITA, _FOREST = 3_000, 1_000
_RESIDENTS_DUE = {
    2025: (date(2025, 6, 30), date(2025, 9, 1), date(2025, 10, 31), date(2026, 2, 2)),
    2026: (date(2026, 6, 30), date(2026, 8, 31), date(2026, 11, 2), date(2027, 2, 1)),
}
_PROPERTY_DUE = {
    2025: (date(2025, 6, 2), date(2025, 7, 31), date(2025, 12, 25), date(2026, 3, 2)),
    2026: (date(2026, 6, 1), date(2026, 7, 31), date(2026, 12, 25), date(2027, 3, 1)),
}
_CAR_DUE = {2025: date(2025, 6, 2), 2026: date(2026, 6, 1)}
_WITHHELD_DUE = {2025: date(2026, 6, 10), 2026: date(2027, 6, 10)}


@dataclass(frozen=True, repr=False)
class Instalment:
    """A tax item with the day of its payment: before it, nothing has been paid."""

    item: TaxItem
    paid_on: date | None


@dataclass(frozen=True, repr=False)
class Means:
    """What the tax section has on somebody."""

    incomes: tuple[IncomeYear, ...] = field(default=())
    instalments: tuple[Instalment, ...] = field(default=())


@dataclass(frozen=True)
class _Earnings:
    receipts: tuple[Amount, ...]
    incomes: tuple[Amount, ...]
    spouse: bool = False
    dependants: int = 0
    extra: tuple[Amount, ...] = ()
    withheld: bool = False


def newest_year(today: date) -> int:
    """The newest fiscal year certificates can be had of on this Japanese day."""
    return today.year if (today.month, today.day) >= ASSESSED_FROM else today.year - 1


def means_of(person: Person, family: Sequence[Person], address: str, town: Town, chance: random.Random) -> Means:
    """Incomes and taxes of somebody who lives at ``address`` with ``family``."""
    years = age(person.birth, BASE_DAY)
    kind = person.means or _usual(person, years, chance)
    if kind == "none":
        return Means()
    level = chance.uniform(0.7, 1.6)
    incomes: list[IncomeYear] = []
    instalments: list[Instalment] = []
    for year in YEARS:
        earned = _earnings(kind, round(level * (1 + 0.02 * (year - YEARS[0])), 3), person, family)
        assessed = _assessed(year, earned, address, town)
        incomes.append(assessed)
        instalments += _residents_tax(kind, earned, assessed)
        instalments += _other_taxes(kind, year, level)
    return Means(tuple(incomes), tuple(instalments))


def _usual(person: Person, years: int, chance: random.Random) -> str:
    if years < 18:
        return "none"
    if years < 22:
        return chance.choice(("no_income", "part_time"))
    if years >= 66:
        return "pensioner"
    return chance.choice(("employee", "employee", "employee", "self_employed", "part_time"))


# --- income ---


def _earnings(kind: str, level: float, person: Person, family: Sequence[Person]) -> _Earnings:
    salary = int(4_200_000 * level) // 1000 * 1000
    pension = int(1_650_000 * level) // 1000 * 1000
    insurance = Amount("社会保険料控除", salary * 15 // 100)
    pay, paid = Amount("給与収入", salary), Amount("給与所得", salary_income(salary))
    match kind:
        case "no_income":
            return _Earnings((), ())
        case "part_time":
            return _Earnings((Amount("給与収入", 1_020_000),), (Amount("給与所得", salary_income(1_020_000)),))
        case "pensioner":
            income = (Amount("公的年金等雑所得", max(0, pension - 1_100_000)),)
            return _Earnings((Amount("公的年金等収入", pension),), income, extra=(Amount("社会保険料控除", 96_000),))
        case "self_employed":
            premium = (Amount("社会保険料控除", 412_000), Amount("小規模企業共済等掛金控除", 240_000))
            return _Earnings((), (Amount("営業等所得", int(2_700_000 * level)),), extra=premium)
        case "several":
            receipts = (pay, Amount("公的年金等収入", pension))
            incomes = (
                Amount("営業等所得", 318_000),
                Amount("農業所得", 124_500),
                Amount("不動産所得", 1_086_000),
                paid,
                Amount("公的年金等雑所得", max(0, pension - 600_000)),
            )
            extra = (
                Amount("医療費控除", 83_200),
                insurance,
                Amount("生命保険料控除", 56_000),
                Amount("地震保険料控除", 14_000),
            )
            return _Earnings(receipts, incomes, extra=extra)
        case _:
            spouse = person.relationship == "世帯主" and any(m.relationship in {"妻", "夫"} for m in family)
            children = sum(m.relationship == "子" and 16 <= age(m.birth, BASE_DAY) < 19 for m in family)
            life = (insurance, Amount("生命保険料控除", 35_000))
            supported = children if person.relationship == "世帯主" else 0
            return _Earnings((pay,), (paid,), spouse, supported, life, withheld=kind == "employee")


def salary_income(salary_yen: int) -> int:
    """給与所得 from 給与収入 (所得税法28条, simplified to whole yen)."""
    steps = ((1_900_000, 0, 650_000), (3_600_000, 30, 80_000), (6_600_000, 20, 440_000), (8_500_000, 10, 1_100_000))
    for limit, percent, fixed in steps:
        if salary_yen <= limit:
            return max(0, salary_yen - salary_yen * percent // 100 - fixed)
    return salary_yen - 1_950_000


def _assessed(year: int, earned: _Earnings, address: str, town: Town) -> IncomeYear:
    deductions = [*earned.extra]
    if earned.spouse:
        deductions.append(Amount("配偶者控除", _SPOUSE))
    if earned.dependants:
        deductions.append(Amount("扶養控除", _DEPENDANT * earned.dependants))
    deductions.append(Amount("基礎控除", _BASIC))
    total = sum(amount.yen for amount in earned.incomes)
    supported = earned.dependants + earned.spouse
    limit = town.exempt_yen + supported * 315_000 + (189_000 if supported else 0)
    taxed = total > limit
    taxable = max(0, total - sum(amount.yen for amount in deductions)) // 1000 * 1000
    city = max(0, taxable * 6 // 100 - 1_500) // 100 * 100
    prefecture = max(0, taxable * town.prefecture_rate_ppm // 10**6 - 1_000) // 100 * 100
    return IncomeYear(
        fiscal_year=year,
        address=address,
        receipts=earned.receipts,
        incomes=earned.incomes,
        deductions=tuple(deductions) if earned.incomes else (),
        spouse=earned.spouse,
        dependants=earned.dependants,
        city_income_based_yen=city * taxed,
        city_per_capita_yen=_CITY_PER_CAPITA * taxed,
        prefecture_income_based_yen=prefecture * taxed,
        prefecture_per_capita_yen=town.prefecture_per_capita_yen * taxed,
        forest_tax_yen=_FOREST * taxed,
    )


# --- tax ---


def _residents_tax(kind: str, earned: _Earnings, assessed: IncomeYear) -> Iterator[Instalment]:
    year, charged = assessed.fiscal_year, assessed.tax_yen
    if earned.withheld or not charged:
        due = _WITHHELD_DUE[year] if earned.withheld else _RESIDENTS_DUE[year][0]
        # The employer hands over a twelfth each month; what has come by the autumn is on the books.
        paid = charged if year < YEARS[-1] else charged * 5 // 12
        name = WITHHELD_TAX if earned.withheld else RESIDENTS_TAX
        yield Instalment(TaxItem(year, name, "全期", due, charged, paid), date(year, 11, 10))
        return
    for period, (due, part) in enumerate(zip(_RESIDENTS_DUE[year], quarters(charged), strict=True), 1):
        paid_yen = part
        if kind == "arrears" and (year, period) in {(2025, 4), (2026, 1), (2026, 2), (2026, 3)}:
            paid_yen = part // 2000 * 1000 if year == 2025 else 0
        yield Instalment(TaxItem(year, RESIDENTS_TAX, f"第{period}期", due, part, paid_yen), due)


def _other_taxes(kind: str, year: int, level: float) -> Iterator[Instalment]:
    if kind in {"owner", "several"}:
        for period, (due, part) in enumerate(
            zip(_PROPERTY_DUE[year], quarters(int(118_400 * level) // 100 * 100), strict=True), 1
        ):
            yield Instalment(TaxItem(year, PROPERTY_TAX, f"第{period}期", due, part, part), due)
    if kind in {"owner", "employee", "self_employed"}:
        yield Instalment(TaxItem(year, CAR_TAX, "全期", _CAR_DUE[year], 10_800, 10_800), _CAR_DUE[year])


def quarters(yen: int) -> tuple[int, int, int, int]:
    """Four instalments: whole thousands, the rest in the first (地方税法20条の4の2第6項)."""
    each = yen // 4 // 1000 * 1000
    return yen - 3 * each, each, each, each

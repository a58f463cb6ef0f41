"""What a city keeps of a person beside the residence record: a registered seal, a year's income, taxes by item.

Data only; how they are drawn is the certificate's business. Yen are whole yen, millimetres are floats. A fiscal year
(年度) is named by the year in which it begins: 2026 is 令和8年度, April 2026 to March 2027.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, repr=False)
class SealGlyph:
    """One character of a seal, stretched to fill its box. The origin is the lower left corner of the seal's square."""

    character: str
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, repr=False)
class Seal:
    """A registered seal (登録印鑑) as a drawing: rim, then characters, to be drawn 1:1.

    The square that holds it has sides of 8 to 25 mm (what municipalities register). A round one has its rim along the
    circle in that square.
    """

    shape: Literal["round", "square"]
    side_mm: float
    """Of the square around it, rim included: the diameter of a round one."""
    rim_mm: float
    """Width of the rim's line, which lies inside the square."""
    glyphs: tuple[SealGlyph, ...]
    turn_deg: float
    """Nobody presses a seal quite straight: turn everything about the middle, counter-clockwise positive."""
    number: str
    """登録番号: six digits."""
    registered: date
    """登録年月日."""


@dataclass(frozen=True, repr=False)
class Amount:
    """A labelled amount in yen, such as 給与所得."""

    label: str
    yen: int


@dataclass(frozen=True, repr=False)
class IncomeYear:
    """Assessment of one fiscal year (所得課税証明書): the income of the calendar year before it, and the tax on it.

    Somebody without tax (非課税) has all tax amounts 0; somebody without income has no receipts and no incomes.
    """

    fiscal_year: int
    address: str
    """On 1 January of the fiscal year's calendar year: where the tax is due."""
    receipts: tuple[Amount, ...]
    """収入: 給与収入, 公的年金等収入; only of the kinds that have a figure of their own."""
    incomes: tuple[Amount, ...]
    """所得 by kind: 給与所得, 公的年金等雑所得, 営業等所得, 不動産所得, 農業所得 …"""
    deductions: tuple[Amount, ...]
    """所得控除 by kind."""
    spouse: bool
    """控除対象配偶者の有無."""
    dependants: int
    """扶養親族の数."""
    city_income_based_yen: int
    """市民税 所得割."""
    city_per_capita_yen: int
    """市民税 均等割."""
    prefecture_income_based_yen: int
    """県民税 所得割."""
    prefecture_per_capita_yen: int
    """県民税 均等割."""
    forest_tax_yen: int
    """森林環境税 (national, levied together with 均等割)."""

    @property
    def income_year(self) -> int:
        """The calendar year the income is of."""
        return self.fiscal_year - 1

    @property
    def total_income_yen(self) -> int:
        """合計所得金額."""
        return sum(amount.yen for amount in self.incomes)

    @property
    def total_deductions_yen(self) -> int:
        """所得控除合計."""
        return sum(amount.yen for amount in self.deductions)

    @property
    def taxable_yen(self) -> int:
        """課税標準額: whole thousands, the rest cut off."""
        return max(0, self.total_income_yen - self.total_deductions_yen) // 1000 * 1000

    @property
    def tax_yen(self) -> int:
        """年税額, forest tax included."""
        city = self.city_income_based_yen + self.city_per_capita_yen
        return city + self.prefecture_income_based_yen + self.prefecture_per_capita_yen + self.forest_tax_yen


@dataclass(frozen=True, repr=False)
class TaxItem:
    """One instalment of one tax (納税証明書)."""

    fiscal_year: int
    """年度."""
    tax: str
    """税目: 市県民税（普通徴収） …"""
    period: str
    """期別: 第1期 … or 全期."""
    due: date
    """納期限; on a day before it, what is unpaid is not in arrears (納期未到来)."""
    charged_yen: int
    """課税額."""
    paid_yen: int
    """納付済額."""

    @property
    def unpaid_yen(self) -> int:
        """未納額."""
        return self.charged_yen - self.paid_yen

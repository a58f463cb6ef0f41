"""The cities this bench has residents of: names, local government code, town names, what their tax differs in.

Town names are real, the numbers behind them (99番, 番地 from 9001) do not occur there.
"""

from __future__ import annotations

from dataclasses import dataclass


class TownError(LookupError):
    """The bench has no residents of that city; the text says of which it has."""


@dataclass(frozen=True)
class Town:
    """One city. Rates and limits are those made-up incomes are taxed with, simplified."""

    municipality: str
    """Id in the protocol and in the profile."""
    code: str
    """Local government code, six digits (JIS X 0402 with the check digit)."""
    prefecture: str
    name: str
    sample_family: str
    """Family name of the first household, the one that samples show."""
    blocks: tuple[str, ...]
    """Towns with 住居表示 (番, 号)."""
    villages: tuple[str, ...]
    """Towns with lot numbers (番地)."""
    elsewhere: tuple[str, ...]
    """Addresses people came from."""
    families: tuple[str, ...]
    prefecture_rate_ppm: int
    """所得割 of the prefecture, millionths."""
    prefecture_per_capita_yen: int
    exempt_yen: int
    """合計所得金額 up to which somebody without dependants pays nothing."""

    @property
    def full_name(self) -> str:
        return f"{self.prefecture}{self.name}"

    @property
    def mayor(self) -> str:
        """Title in whose name certificates are issued."""
        return f"{self.full_name}長"


_SAGA = Town(
    municipality="saga",
    code="412015",
    prefecture="佐賀県",
    name="佐賀市",
    sample_family="佐賀",
    blocks=(
        "栄町", "駅前中央三丁目", "松原四丁目", "水ケ江六丁目", "多布施四丁目", "鍋島三丁目", "兵庫北七丁目",
        "兵庫南四丁目", "高木瀬東六丁目", "神野東四丁目", "天神三丁目", "城内二丁目", "八戸二丁目", "赤松町",
        "与賀町", "成章町", "白山二丁目", "唐人二丁目", "愛敬町", "大財六丁目",
    ),
    villages=(
        "本庄町大字本庄", "大和町大字尼寺", "諸富町大字為重", "川副町大字鹿江", "東与賀町大字下古賀",
        "久保田町大字新田", "富士町大字古湯", "三瀬村三瀬", "巨勢町大字牛島", "金立町大字金立",
        "久保泉町大字下和泉", "蓮池町大字小松", "嘉瀬町大字中原",
    ),
    elsewhere=(
        "福岡県福岡市中央区天神九丁目99番", "福岡県久留米市城南町9001番地", "長崎県長崎市万才町9002番地",
        "熊本県熊本市中央区手取本町9003番地", "東京都千代田区千代田九丁目99番9号", "大阪府大阪市北区中之島九丁目99番",
        "佐賀県唐津市西城内9004番地", "佐賀県鳥栖市宿町9005番地", "神奈川県藤沢市朝日町9006番地",
    ),
    families=(
        "山田", "佐賀", "中島", "古賀", "江口", "副島", "松尾", "山口", "田中", "吉田", "井上", "森", "北村",
        "西村", "南里", "光武", "石丸", "原口", "大坪", "坂本", "宮崎", "小柳", "木下", "岸川", "百武", "東島", "野田",
        "武藤", "福田", "香月",
    ),
    prefecture_rate_ppm=40_000,
    prefecture_per_capita_yen=1_500,
    exempt_yen=415_000,
)  # fmt: skip

_FUJISAWA = Town(
    municipality="fujisawa",
    code="142051",
    prefecture="神奈川県",
    name="藤沢市",
    sample_family="藤沢",
    blocks=(
        "鵠沼海岸七丁目", "鵠沼桜が岡四丁目", "鵠沼藤が谷四丁目", "鵠沼松が岡五丁目", "片瀬海岸三丁目", "片瀬山五丁目",
        "辻堂元町六丁目", "辻堂太平台二丁目", "湘南台七丁目", "善行七丁目", "本藤沢七丁目", "石川六丁目", "城南五丁目",
        "南藤沢", "江の島二丁目", "村岡東四丁目", "大鋸三丁目", "みその台", "天神町三丁目", "花の木",
    ),
    villages=(
        "遠藤", "亀井野", "用田", "打戻", "葛原", "宮原", "獺郷", "菖蒲沢", "下土棚", "西俣野", "高倉", "長後", "川名",
        "柄沢",
    ),
    elsewhere=(
        "神奈川県横浜市中区日本大通九丁目99番", "神奈川県鎌倉市御成町9001番地", "神奈川県茅ヶ崎市茅ヶ崎九丁目99番9号",
        "東京都千代田区千代田九丁目99番9号", "静岡県熱海市中央町9002番地", "大阪府大阪市北区中之島九丁目99番",
        "神奈川県平塚市浅間町9003番地", "佐賀県佐賀市栄町9004番地",
    ),
    families=(
        "藤沢", "鈴木", "佐藤", "高橋", "渡辺", "小林", "加藤", "関根", "青木", "石井", "落合", "神崎", "三觜", "小菅",
        "新倉", "平本", "金子", "宮治", "森", "吉原", "山上", "井上", "湯浅", "飯田", "相田", "永井", "堀", "西山",
    ),
    prefecture_rate_ppm=40_250,
    prefecture_per_capita_yen=1_300,
    exempt_yen=450_000,
)  # fmt: skip

TOWNS = {town.municipality: town for town in (_SAGA, _FUJISAWA)}


def town_of(municipality: str) -> Town:
    """Raises TownError when the bench has no residents of it."""
    town = TOWNS.get(municipality)
    if town is None:
        raise TownError(f"the bench has no residents of {municipality!r}: it has those of {', '.join(TOWNS)}")
    return town

// Purse, voice, paper, clock and staff.

import { $, english, make, notice, send, tip, whenChanged, yen } from "/lib.js";

// ---- money ------------------------------------------------------------------------------------------------

const COINS = [[500, "gold"], [100, "silver"], [50, "silver"], [10, "copper"], [5, "gold"], [1, "silver"]];
let coin = 100;
export const inHand = () => coin;

export async function insert(value) {
  coin = value;
  const answer = await send("coin", { yen: value });
  if (answer?.became === "returned") notice("その硬貨は、返却口に戻りました。 The coin came back.");
}

function startMoney() {
  $("coins").replaceChildren(...COINS.map(([value, metal]) => {
    const button = make("button", `coin ${metal}`, value);
    button.id = `coin-${value}`;
    button.dataset.yen = value;
    button.draggable = true;
    button.setAttribute("aria-label", `${value}円を入れる`);
    tip(button, `${value}円を投入口に入れる`, `Put a ${value}-yen coin into the slot`);
    button.append(make("span", "count", ""));
    button.addEventListener("click", () => insert(value));
    button.addEventListener("dragstart", (event) => event.dataTransfer.setData("bench/coin", value));
    return button;
  }));
  $("change-take").addEventListener("click", () => send("take", { what: "change" }));
}

function showMoney(money) {
  for (const [value] of COINS) {
    const left = money.hand[value] ?? 0;
    $(`coin-${value}`).disabled = left === 0;
    $(`coin-${value}`).lastElementChild.textContent = `×${left}`;
  }
  const coins = Object.entries(money.tray).sort((a, b) => b[0] - a[0]);
  $("change-yen").textContent = yen(money.tray_yen);
  $("change-coins").textContent = coins.map(([value, count]) => `${value}円×${count}`).join("　");
  $("change-take").disabled = coins.length === 0;
  $("tray").classList.toggle("attention", coins.length > 0);
  $("takes").textContent = money.takes.length > 0
    ? `投入口は開いています（${[...money.takes].sort((a, b) => b - a).join("・")}円）。`
    : "投入口は閉じています。入れた硬貨は返却口に戻ります。";
}

// ---- paper ------------------------------------------------------------------------------------------------

function sheetButton(sheet, receipt) {
  const button = make("button", receipt ? "sheet receipt" : "sheet");
  button.id = `sheet-${sheet.number}`;
  const name = receipt ? "領収書" : "証明書";
  button.setAttribute("aria-label", `${name}を大きく見る`);
  tip(button, `${name}を大きく見る`, receipt ? "Look at the receipt" : "Look at the certificate");
  // A receipt has nothing on its back.
  for (const [side, label] of receipt ? [["front", "おもて"]] : [["front", "おもて"], ["back", "うら"]]) {
    const figure = make("span", "side");
    if (side === "front" || sheet.back) {
      const image = make("img");
      image.src = `/api/sheets/${sheet.number}/${side}.png?dpi=50`;
      image.alt = label;
      figure.append(image);
    } else {
      figure.append(make("span", "blank", "白紙"));
    }
    figure.append(make("small", "", label));
    button.append(figure);
  }
  button.addEventListener("click", () => read(sheet));
  return button;
}

function read(sheet) {
  const sides = sheet.back ? [["front", "おもて"], ["back", "うら"]] : [["front", "おもて"]];
  $("reading-pages").replaceChildren(...sides.map(([side, label]) => {
    const figure = make("figure");
    const image = make("img");
    image.src = `/api/sheets/${sheet.number}/${side}.png?dpi=130`;
    image.alt = label;
    figure.append(image, make("figcaption", "", label));
    return figure;
  }));
  $("reading").showModal();
}

const drawSheets = whenChanged(([sheets, foreign, receiptTray]) => {
  const shown = sheets.map((sheet) => sheetButton(sheet, sheet.tray === receiptTray));
  if (foreign) shown.push(make("p", "none", `ほかの紙 ${foreign}枚`));
  if (!shown.length) {
    const none = make("p", "none", "何もありません");
    none.append(english("Nothing lies there"));
    shown.push(none);
  }
  $("sheets").replaceChildren(...shown);
});

const REFILL = 250;
const drawTrays = whenChanged(([trays, toner]) => {
  const rows = trays.map((tray) => {
    const line = make("p", "level");
    const meter = make("meter");
    Object.assign(meter, { min: 0, max: tray.capacity, value: tray.sheets });
    meter.setAttribute("aria-label", tray.label);
    const load = make("button", "chip", "足す");
    load.id = `load-${tray.source}`;
    load.setAttribute("aria-label", `${tray.label}を足す`);
    const room = Math.min(REFILL, tray.capacity - tray.sheets);
    load.disabled = room === 0;
    tip(load, `${tray.label}を${room}枚足す`, `Load ${room} sheets`);
    load.addEventListener("click", () => send("load", { tray: tray.source, sheets: room }));
    line.append(make("span", "", tray.label), meter, make("span", "figure", `${tray.sheets}枚`), load);
    return line;
  });
  const line = make("p", "level");
  const meter = make("meter");
  Object.assign(meter, { min: 0, max: 100, value: toner });
  meter.setAttribute("aria-label", "トナー");
  line.append(make("span", "", "トナー"), meter, make("span", "figure", `${Math.round(toner)}%`));
  $("paper-state").replaceChildren(...rows, line);
});

function showPaper(paper) {
  drawSheets([paper.sheets, paper.foreign_sheets, paper.receipt_tray]);
  const lies = (receipt) => paper.sheets.some((sheet) => (sheet.tray === paper.receipt_tray) === receipt);
  $("paper-take").disabled = paper.sheets.length + paper.foreign_sheets === 0;
  $("certificate-take").disabled = !lies(false);
  $("receipt-take").disabled = !lies(true);
  $("paper-take").classList.toggle("attention", !$("paper-take").disabled);
  drawTrays([paper.trays, paper.toner_percent]);
}

// ---- voice ------------------------------------------------------------------------------------------------

const LEVELS = 5;
const STEP_DB = 2.25;

function bars(levelDb) {
  const level = Math.min(LEVELS, Math.max(1, Math.round(levelDb / STEP_DB) + LEVELS));
  const drawn = make("span", "bars");
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", `音量 ${LEVELS}段のうち${level}`);
  tip(drawn, `音量 ${level}／${LEVELS}（${levelDb.toFixed(1)} dB）`, `Loudness ${level} of ${LEVELS}`);
  for (let n = 1; n <= LEVELS; n += 1) drawn.append(make("i", n <= level ? "on" : ""));
  return drawn;
}

const drawVoice = whenChanged((lines) => {
  $("voice").replaceChildren(...lines.map((line) => {
    const row = make("li", line.ended && !line.complete ? "cut" : "");
    row.append(make("time", "", line.time.slice(11, 19)), make("span", "", `「${line.text.replace(/。$/, "")}」`), bars(line.level_db));
    return row;
  }));
  $("voice").scrollTop = 0;
});

const lasted = (seconds) => seconds < 60 ? `${seconds}秒` : seconds < 3600 ? `${Math.floor(seconds / 60)}分` : "1時間より長く";

function showVoice(fresh) {
  const spoken = fresh.voice.filter((line) => line.phrase).reverse();
  drawVoice(spoken);
  const last = spoken[0];
  const speaking = fresh.sounding || Boolean(last && !last.ended);
  $("voice-now").classList.toggle("speaking", speaking);
  if (speaking) {
    $("voice-state").textContent = "話しています";
    $("voice-state-en").textContent = "Speaking";
    return;
  }
  const silent = last ? Math.round((Date.parse(fresh.time) - Date.parse(last.time)) / 1000 - last.heard_s) : 0;
  $("voice-state").textContent = silent > 0 ? `静かです（${lasted(silent)}）` : "静かです";
  $("voice-state-en").textContent = "Silence";
}

// ---- clock and staff --------------------------------------------------------------------------------------

const WEEKDAYS = "日月火水木金土";
function showTime(iso) {
  const [day, time] = [iso.slice(0, 10), iso.slice(11, 19)];
  const [year, month, date] = day.split("-").map(Number);
  const weekday = WEEKDAYS[new Date(Date.UTC(year, month - 1, date)).getUTCDay()];
  $("clock").replaceChildren(make("span", "", `${year}年${month}月${date}日(${weekday})`), make("b", "", time));
  if (!$("clock-set").value) $("clock-set").value = iso.slice(0, 16);
}

const drawStaff = whenChanged((staff) => {
  $("staff-names").replaceChildren(...staff.map((one) => {
    const line = make("li");
    line.append(make("span", "", `${one.name}（${one.title}）`), make("b", "", one.number));
    return line;
  }));
});

function showStaff(fresh) {
  $("key-turn").disabled = fresh.key === null;
  $("key-turn").textContent = fresh.key ? "鍵を戻す" : "鍵を回す";
  $("key-state").textContent = fresh.key === null ? "この機械には鍵がありません。"
    : fresh.key ? "鍵が回っています。" : "鍵は抜いてあります。";
  drawStaff(fresh.staff);
}

export function startWorld(now) {
  startMoney();
  for (const what of ["paper", "certificate", "receipt"]) {
    $(`${what}-take`).addEventListener("click", () => send("take", { what }));
  }
  $("reading").addEventListener("close", () => $("reading-pages").replaceChildren());
  $("key-turn").addEventListener("click", () => send("key", { on: !now()?.key }));
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", () => send("clock", { advance_s: Number(button.dataset.advance) }));
  }
  $("clock-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("clock-set").value) send("clock", { set: $("clock-set").value });
  });
}

export function showWorld(fresh) {
  showMoney(fresh.money);
  showPaper(fresh.paper);
  showVoice(fresh);
  showTime(fresh.time);
  showStaff(fresh);
}

"use strict";
// The page only shows what the bench tells, and passes on what is clicked; it decides nothing.

const $ = (id) => document.getElementById(id);
const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

let sequence = 0;
let state = null;
let cards = [];
let words = { targets: {}, quick: [], faults: [] };
let picture = null;

// ---- talking to the bench ---------------------------------------------------------------------------------

let noticeTimer = 0;
function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { $("notice").hidden = true; }, 5000);
}

async function send(path, body = {}) {
  try {
    const answer = await fetch(`/api/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const said = await answer.json();
    if (!answer.ok) { notice(said.error); return null; }
    return said;
  } catch {
    notice("ベンチにつながりません。");
    return null;
  }
}

function connect() {
  const socket = new WebSocket(`ws://${location.host}/api/live`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = (message) => {
    if (typeof message.data === "string") show(JSON.parse(message.data));
    else showPicture(message.data);
  };
  socket.onclose = () => {
    darken("ベンチにつながりません");
    setTimeout(connect, 1000);
  };
}

// ---- the panel --------------------------------------------------------------------------------------------

function darken(why) {
  $("dark").textContent = why;
  $("dark").hidden = false;
}

function showPicture(data) {
  sequence = new DataView(data).getUint32(0);
  if (data.byteLength === 4) { darken("電源が切れています"); return; }
  const next = URL.createObjectURL(new Blob([data.slice(4)], { type: "image/jpeg" }));
  $("panel").src = next;
  // One picture is kept and no more: the one before may have shown somebody.
  if (picture) URL.revokeObjectURL(picture);
  picture = next;
  $("dark").hidden = true;
}

$("panel").addEventListener("pointerdown", (event) => {
  const box = $("panel").getBoundingClientRect();
  const inside = (value) => Math.min(1, Math.max(0, value));
  send("touch", {
    x: inside((event.clientX - box.left) / box.width),
    y: inside((event.clientY - box.top) / box.height),
    sequence,
  });
  event.preventDefault();
});

// ---- cards ------------------------------------------------------------------------------------------------

function cardRow(card) {
  const row = make("li");
  const who = make("span");
  who.append(make("b", "", card.label), make("small", "", card.note));
  const lay = make("button", "", "置く");
  lay.id = `card-${card.id}-lay`;
  lay.setAttribute("aria-label", `${card.label} のカードを置く`);
  lay.addEventListener("click", () => send("card", { card: card.id }));
  row.append(who, lay);
  return row;
}

function listCards() {
  const wanted = $("card-search").value.trim();
  const fits = (card) => !wanted || `${card.label}${card.note}${card.id}`.includes(wanted);
  $("card-list").replaceChildren(...cards.filter((card) => card.chosen).map(cardRow));
  $("card-more").replaceChildren(...cards.filter((card) => !card.chosen && fits(card)).reverse().map(cardRow));
  freezeCards();
}

function freezeCards() {
  const busy = Boolean(state && state.card);
  for (const button of document.querySelectorAll("#card-list button, #card-more button")) button.disabled = busy;
}

$("card-search").addEventListener("input", listCards);
$("card-take").addEventListener("click", () => send("card"));

// ---- money, paper, clock ----------------------------------------------------------------------------------

for (const coin of document.querySelectorAll(".coin")) {
  coin.addEventListener("click", async () => {
    const answer = await send("coin", { yen: Number(coin.dataset.yen) });
    if (answer && answer.became === "returned") notice("その硬貨は、返却口に戻りました。");
  });
}
$("change-take").addEventListener("click", () => send("take", { what: "change" }));
for (const what of ["paper", "certificate", "receipt"]) {
  $(`${what}-take`).addEventListener("click", () => send("take", { what }));
}
$("key-turn").addEventListener("click", () => send("key", { on: !(state && state.key) }));
for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", () => send("clock", { advance_s: Number(button.dataset.advance) }));
}
$("clock-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("clock-set").value) send("clock", { set: $("clock-set").value });
});

const yen = (amount) => `${amount.toLocaleString("ja-JP")}円`;

function showMoney(money) {
  const coins = Object.entries(money.tray).sort((a, b) => b[0] - a[0]);
  $("change-yen").textContent = yen(money.tray_yen);
  $("change-coins").textContent = coins.map(([value, count]) => `${value}円×${count}`).join("　");
  $("change-take").disabled = coins.length === 0;
  $("change-take").classList.toggle("attention", coins.length > 0);
  const open = money.takes.length > 0;
  $("takes").textContent = open
    ? `投入口は開いています（${[...money.takes].sort((a, b) => b - a).join("・")}円）。`
    : "投入口は閉じています。入れた硬貨は返却口に戻ります。";
}

let sheetsShown = "";
function showPaper(paper) {
  const key = JSON.stringify([paper.sheets, paper.foreign_sheets]);
  if (key !== sheetsShown) {
    sheetsShown = key;
    const shown = paper.sheets.map(sheetButton);
    if (paper.foreign_sheets) shown.push(make("p", "none", `ほかの紙 ${paper.foreign_sheets}枚`));
    if (!shown.length) shown.push(make("p", "none", "何もありません"));
    $("sheets").replaceChildren(...shown);
  }
  const any = paper.sheets.length + paper.foreign_sheets > 0;
  const lies = (receipt) => paper.sheets.some((sheet) => (sheet.tray === paper.receipt_tray) === receipt);
  $("paper-take").disabled = !any;
  $("certificate-take").disabled = !lies(false);
  $("receipt-take").disabled = !lies(true);
  $("paper-take").classList.toggle("attention", any);
  const trays = paper.trays.map((tray) => `${tray.label} ${tray.sheets}枚`).join("　");
  $("paper-state").textContent = `${trays}　トナー ${Math.round(paper.toner_percent)}%`;
}

function sheetButton(sheet) {
  const button = make("button", "sheet");
  button.id = `sheet-${sheet.number}`;
  button.setAttribute("aria-label", "紙を大きく見る");
  const front = make("img");
  front.src = `/api/sheets/${sheet.number}/front.png?dpi=40`;
  front.alt = "おもて";
  button.append(front);
  if (sheet.back) {
    const back = make("img", "back");
    back.src = `/api/sheets/${sheet.number}/back.png?dpi=40`;
    back.alt = "うら";
    button.append(back);
  } else {
    button.append(make("span", "blank", "うら 白紙"));
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
$("reading").addEventListener("close", () => $("reading-pages").replaceChildren());

const weekdays = "日月火水木金土";
function showTime(iso) {
  const [day, time] = [iso.slice(0, 10), iso.slice(11, 19)];
  const [year, month, date] = day.split("-").map(Number);
  const weekday = weekdays[new Date(Date.UTC(year, month - 1, date)).getUTCDay()];
  $("clock").textContent = `${year}年${month}月${date}日(${weekday}) ${time}`;
  if (!$("clock-set").value) $("clock-set").value = iso.slice(0, 16);
}

// ---- staff ------------------------------------------------------------------------------------------------

function showStaff(fresh) {
  $("key-turn").disabled = fresh.key === null;
  $("key-turn").textContent = fresh.key ? "鍵を戻す" : "鍵を回す";
  $("key-state").textContent = fresh.key === null ? "この機械には鍵がありません。"
    : fresh.key ? "係員の鍵が回っています。" : "係員の鍵は抜いてあります。";
  $("staff-names").textContent = fresh.staff.map((one) => `${one.name}（${one.title}） ${one.number}`).join("　");
}

// ---- voice ------------------------------------------------------------------------------------------------

function showVoice(lines) {
  const spoken = lines.filter((line) => line.phrase).reverse();
  $("voice-empty").hidden = spoken.length > 0;
  $("voice").replaceChildren(...spoken.map((line) => {
    const row = make("li", line.ended && !line.complete ? "cut" : "");
    const loud = make("span", "loud");
    const bar = make("i");
    bar.style.width = `${Math.round(Math.min(100, Math.max(8, 100 + line.level_db * 8)))}%`;
    loud.title = `音量 ${line.level_db.toFixed(1)} dB`;
    loud.append(bar);
    row.append(make("time", "", line.time.slice(11, 19)), make("span", "", `「${line.text.replace(/。$/, "")}」`), loud);
    return row;
  }));
}

// ---- faults -----------------------------------------------------------------------------------------------

const NAMES_OF_CHOICES = {
  before: "実行の前", after: "実行の後", row: "記録ごと", page: "紙面だけ", lying: "別人を本人として",
};

function breakButton(fault, place) {
  const button = make("button", "chip break", fault.label);
  button.id = `${place}-${fault.target}-${fault.name}`;
  button.title = fault.description;
  return button;
}

function faultPair(fault) {
  const pair = make("span", "pair");
  const button = breakButton(fault, "more");
  const selects = Object.entries(fault.choices).filter(([key]) => key !== "step").map(([key, values]) => {
    const select = make("select");
    select.dataset.key = key;
    select.append(...values.map((value) => new Option(NAMES_OF_CHOICES[value] || value, value)));
    select.value = fault.parameters[key];
    return select;
  });
  button.addEventListener("click", () => {
    const values = Object.fromEntries(selects.map((select) => [select.dataset.key, select.value]));
    send("fault", { target: fault.target, name: fault.name, values: { ...needed(fault), ...values } });
  });
  pair.append(button, ...selects);
  return pair;
}

// A hopper has to be named; everything else has its default at the bench.
const needed = (fault) => ("yen" in fault.parameters ? { yen: fault.parameters.yen } : {});

function listFaults() {
  const of = (target, name) => words.faults.find((each) => each.target === target && each.name === name);
  $("fault-quick").replaceChildren(...words.quick.map(([target, name]) => of(target, name)).filter(Boolean).map((fault) => {
    const button = breakButton(fault, "fault");
    button.addEventListener("click", () => send("fault", { target: fault.target, name: fault.name, values: needed(fault) }));
    return button;
  }));
  const groups = Object.entries(words.targets).flatMap(([target, label]) => {
    const own = words.faults.filter((each) => each.target === target);
    if (!own.length) return [];
    const chips = make("div", "chips");
    chips.append(...own.map(faultPair));
    return [make("h3", "", label), chips];
  });
  $("fault-more").replaceChildren(...groups);
}

let brokenShown = "";
function showBroken(broken) {
  const key = JSON.stringify(broken);
  if (key === brokenShown) return;
  brokenShown = key;
  $("broken").hidden = broken.length === 0;
  $("broken-list").replaceChildren(...broken.map((each) => {
    const button = make("button", "chip", `${each.label} ×`);
    button.id = `mend-${each.target}-${each.name}`;
    button.setAttribute("aria-label", `${each.label} を直す`);
    button.addEventListener("click", () => send("clear", { target: each.target, name: each.name }));
    return button;
  }));
}

// ---- everything -------------------------------------------------------------------------------------------

let voiceShown = "";
function show(fresh) {
  state = fresh;
  $("plate-screen").textContent = fresh.panel.title;
  if (!fresh.panel.on) darken(fresh.powered ? "準備しています" : "電源が切れています");
  $("card-lying").hidden = !fresh.card;
  if (fresh.card) $("card-lying-name").textContent = `${fresh.card.label}　`;
  freezeCards();
  $("plate-terminal").textContent = `${fresh.terminal}の画面（さわれます）`;
  $("glass").style.aspectRatio = `${fresh.panel.width} / ${fresh.panel.height}`;
  $("glass").classList.toggle("wide", fresh.panel.width > fresh.panel.height);
  showStaff(fresh);
  showMoney(fresh.money);
  showPaper(fresh.paper);
  showTime(fresh.time);
  const voice = JSON.stringify(fresh.voice);
  if (voice !== voiceShown) { voiceShown = voice; showVoice(fresh.voice); }
  showBroken(fresh.faults);
}

async function begin() {
  cards = (await (await fetch("/api/cards")).json()).cards;
  words = await (await fetch("/api/faults")).json();
  listCards();
  listFaults();
  connect();
}
begin();

// The machine's front beside the panel: every part acts where it is.

import { $, make, send, tip, whenChanged, yen } from "/lib.js";
import { inHand as cardInHand } from "/people.js";
import { inHand as coinInHand, insert } from "/world.js";

const SVG = "http://www.w3.org/2000/svg";
let state = null;

function onDrop(part, kind, act) {
  const wants = (event) => event.dataTransfer.types.includes(kind);
  part.addEventListener("dragover", (event) => {
    if (!wants(event)) return;
    event.preventDefault();
    part.classList.add("over");
  });
  part.addEventListener("dragleave", () => part.classList.remove("over"));
  part.addEventListener("drop", (event) => {
    part.classList.remove("over");
    if (!wants(event)) return;
    event.preventDefault();
    act(event.dataTransfer.getData(kind));
  });
}

export function startFront() {
  $("part-plate").addEventListener("click", () => send("card", state?.card ? {} : { card: cardInHand().id }));
  onDrop($("part-plate"), "bench/card", (card) => send("card", { card }));
  $("part-slot").addEventListener("click", () => insert(coinInHand()));
  onDrop($("part-slot"), "bench/coin", (value) => insert(Number(value)));
  $("part-lever").addEventListener("click", () => send("lever"));
  for (const [part, what] of [["change", "change"], ["receipt", "receipt"], ["outlet", "certificate"]]) {
    $(`part-${part}`).addEventListener("click", () => send("take", { what }));
  }
  $("part-key").addEventListener("click", () => send("key", { on: !state?.key }));
  $("part-power").addEventListener("click", () => {
    const off = { target: "power", name: "off" };
    send(state?.powered ? "fault" : "clear", off);
  });
}

const METAL = { 500: "gold", 10: "copper", 5: "gold" };
const drawChange = whenChanged((tray) => {
  const coins = Object.entries(tray).flatMap(([value, count]) => Array(count).fill(value)).slice(0, 9);
  $("change-drawn").replaceChildren(...coins.map((value, n) => {
    const coin = document.createElementNS(SVG, "circle");
    coin.setAttribute("class", `coin-${METAL[value] || "silver"}`);
    coin.setAttribute("cx", 80 + (n - (coins.length - 1) / 2) * 12);
    coin.setAttribute("cy", 27);
    coin.setAttribute("r", 9);
    return coin;
  }));
});

/** A part where something may lie: it can be taken only then, and looks like it. */
function lies(part, something) {
  part.classList.toggle("has", something);
  part.disabled = !something;
}

const certificates = (paper) => paper.sheets.filter((sheet) => sheet.tray !== paper.receipt_tray).length;

export function showFront(fresh) {
  state = fresh;
  const { card, money, paper, camera } = fresh;
  const plate = $("part-plate");
  const laid = card ? card.label : cardInHand()?.label ?? "";
  plate.classList.toggle("has", Boolean(card));
  $("plate-name").textContent = card ? "カードを取る" : "カードを置く";
  $("plate-en").textContent = card ? "Take the card" : "Lay a card";
  if (card) tip(plate, `${laid} のカードを取る`, `Take the card of ${laid} away`);
  else tip(plate, `${laid} のカードを置く。ほかのカードは一覧から引いてきます`, `Lay the card of ${laid}; drag others here from the list`);
  const open = money.takes.length > 0;
  $("slot-light").setAttribute("class", open ? "lit" : "unlit");
  $("slot-name").textContent = open ? `${coinInHand()}円` : "投入口";
  $("slot-en").textContent = open ? "Put in" : "Coin slot";
  tip($("part-slot"), open ? `${coinInHand()}円を入れる。ほかの硬貨は、さいふから引いてきます` : "閉じています。入れた硬貨は返却口に戻ります",
    open ? `Put in ${coinInHand()} yen; drag other coins here` : "Closed: a coin comes back in the tray");
  $("part-slot").classList.toggle("open", open);
  drawChange(money.tray);
  lies($("part-change"), money.tray_yen > 0);
  $("change-name").textContent = money.tray_yen ? `${yen(money.tray_yen)}を取る` : "返却口";
  lies($("part-receipt"), paper.sheets.some((sheet) => sheet.tray === paper.receipt_tray));
  const sheets = certificates(paper) + paper.foreign_sheets;
  lies($("part-outlet"), sheets > 0);
  $("outlet-name").textContent = sheets ? `${sheets}枚を取る` : "証明書";
  $("part-key").disabled = fresh.key === null;
  $("part-key").classList.toggle("turned", fresh.key === true);
  $("part-key").setAttribute("aria-pressed", String(fresh.key === true));
  $("power-name").textContent = fresh.powered ? "電源" : "入れる";
  $("part-power").classList.toggle("has", !fresh.powered);
  $("part-power").setAttribute("aria-pressed", String(fresh.powered));
  // The sign is lit only while it is true.
  $("sign-light").className = camera?.armed ? "lit" : "unlit";
  if (camera) $("sign-words").textContent = camera.armed ? "防犯カメラ作動中" : "カメラ停止中";
  $("plate-terminal").textContent = fresh.terminal;
}

export const showTerminals = whenChanged(([own, others]) => {
  const here = make("span", "chip here", own);
  here.setAttribute("aria-current", "page");
  const links = others.map(({ terminal, port }) => {
    const link = make("a", "chip", terminal);
    link.href = `http://${location.hostname}:${port}/`;
    link.dataset.tip = "もう1台の発行機へ|The other terminal of this city";
    return link;
  });
  $("terminals").replaceChildren(...(others.length ? [here, ...links] : []));
});

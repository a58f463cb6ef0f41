// The people who may come, and their cards.

import { $, english, make, send, tip } from "/lib.js";

let cards = [];
let hand = null;
let busy = false;

/** The card that a click on the plate lays down: the last one laid, at first that of the first sample. */
export const inHand = () => cards.find((card) => card.id === hand) ?? cards.find((card) => card.chosen) ?? cards[0];

const KINDS = { mynumber: "マイナンバーカード", juki: "住基カード", other: "別のカード" };
const ordinary = (card) => card.id.split("-").length === 1 || card.id.endsWith("-juki");
const FILTERS = {
  chosen: (card) => card.chosen,
  special: (card) => card.special && ordinary(card),
  juki: (card) => card.kind === "juki",
  wrong: (card) => !ordinary(card),
  all: () => true,
};

function row(card) {
  const item = make("li", "person");
  item.draggable = true;
  item.addEventListener("dragstart", (event) => {
    event.dataTransfer.setData("bench/card", card.id);
    event.dataTransfer.effectAllowed = "move";
  });
  const who = make("span");
  const words = make("small", "", card.note.split("・").filter((part) => !card.special.includes(part)).join("・"));
  if (card.kind === "juki" && !words.textContent.includes("住基")) words.textContent = KINDS.juki;
  who.append(make("b", "", card.label), words);
  if (card.special) who.append(make("em", "", card.special));
  if (card.english) who.append(english(card.english));
  const lay = make("button", "chip", "置く");
  lay.id = `card-${card.id}-lay`;
  lay.setAttribute("aria-label", `${card.label}（${card.note}）のカードを置く`);
  tip(lay, `${card.label} の${KINDS[card.kind]}を台に置く`, `Lay this card on the plate${card.english ? `: ${card.english}` : ""}`);
  lay.addEventListener("click", () => { hand = card.id; send("card", { card: card.id }); });
  item.append(who, lay);
  return item;
}

function list() {
  const wanted = $("card-search").value.trim().toLowerCase();
  const words = (card) => `${card.label}${card.note}${card.english}${card.id}`.toLowerCase();
  // Whoever types searches everybody.
  const fits = wanted ? (card) => words(card).includes(wanted) : FILTERS[$("card-filter").value];
  const found = cards.filter(fits);
  $("card-list").replaceChildren(...found.map(row));
  if (!found.length) $("card-list").append(make("li", "none", "見つかりません。"));
  $("card-list").scrollTop = 0;
  freeze();
}

function freeze() {
  for (const button of $("card-list").querySelectorAll("button")) button.disabled = busy;
}

export function startPeople(all) {
  cards = all;
  $("card-search").addEventListener("input", list);
  $("card-filter").addEventListener("change", () => { $("card-search").value = ""; list(); });
  $("card-take").addEventListener("click", () => send("card"));
  list();
}

export function showPeople({ card }) {
  if (card) hand = card.id;
  $("card-lying").classList.toggle("attention", Boolean(card));
  $("card-lying-name").textContent = card ? `台の上：${card.label}` : "台にカードはありません";
  $("card-take").disabled = !card;
  if (busy !== Boolean(card)) { busy = Boolean(card); freeze(); }
}

// What every part of the page uses: finding and making elements, talking to the bench, notices and tooltips.

export const $ = (id) => document.getElementById(id);

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function english(text) {
  const small = make("small", "", text);
  small.lang = "en";
  return small;
}

export const yen = (amount) => `${amount.toLocaleString("ja-JP")}円`;

/** Runs `draw` only when `value` is another one than last time: nothing is rebuilt under a finger or the focus. */
export function whenChanged(draw) {
  let last;
  return (value, ...more) => {
    const key = JSON.stringify(value);
    if (key === last) return;
    last = key;
    draw(value, ...more);
  };
}

// ---- talking to the bench ---------------------------------------------------------------------------------

let noticeTimer = 0;
export function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { $("notice").hidden = true; }, 5000);
}

export async function send(path, body = {}) {
  try {
    const answer = await fetch(`/api/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const said = await answer.json();
    if (!answer.ok) { notice(said.error); return null; }
    return said;
  } catch {
    notice("ベンチにつながりません。 The bench does not answer.");
    return null;
  }
}

// ---- tooltips ---------------------------------------------------------------------------------------------

export function tip(element, japanese, inEnglish) {
  const text = `${japanese}|${inEnglish}`;
  if (element.dataset.tip !== text) element.dataset.tip = text;
}

const HOVER_MS = 450;
let hovering = 0;
function wishTip(event) {
  clearTimeout(hovering);
  const element = event.target.closest?.("[data-tip]");
  if (element !== hideTip.of) hideTip();
  if (!element || element === hideTip.of) return;
  if (event.type === "pointerover") hovering = setTimeout(() => showTip(element), HOVER_MS);
  else if (element.matches(":focus-visible")) showTip(element);
}

function showTip(element) {
  if (!element.isConnected) return;
  const [japanese, inEnglish] = element.dataset.tip.split("|");
  const box = $("tip");
  box.firstElementChild.textContent = japanese;
  box.lastElementChild.textContent = inEnglish;
  box.hidden = false;
  place(element);
  hideTip.of = element;
  element.setAttribute("aria-describedby", "tip");
}

function place(element) {
  const box = $("tip");
  const at = element.getBoundingClientRect();
  const [width, height] = [box.offsetWidth, box.offsetHeight];
  const below = at.bottom + 8;
  box.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, at.left + at.width / 2 - width / 2))}px`;
  box.style.top = `${below + height < innerHeight ? below : Math.max(8, at.top - height - 8)}px`;
}

function hideTip() {
  clearTimeout(hovering);
  $("tip").hidden = true;
  hideTip.of?.removeAttribute("aria-describedby");
  hideTip.of = null;
}

export function startTips() {
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, wishTip);
  for (const kind of ["pointerdown", "dragstart", "focusout"]) document.addEventListener(kind, hideTip, true);
  // What was focused by the keyboard may be scrolled into view only now.
  document.addEventListener("scroll", () => {
    if (hideTip.of?.matches(":focus-visible")) place(hideTip.of); else hideTip();
  }, true);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
}

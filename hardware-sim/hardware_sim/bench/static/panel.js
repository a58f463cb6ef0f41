// The panel's picture, and fingers on it: laid and lifted apart, so that a hold lasts as long as it lasts.

import { $, make, send, whenChanged } from "/lib.js";

let sequence = 0;
let picture = null;

export function darken(why) {
  $("dark").textContent = why;
  $("dark").hidden = false;
}

export function showPicture(data) {
  sequence = new DataView(data).getUint32(0);
  if (data.byteLength === 4) { darken("電源が切れています"); return; }
  const next = URL.createObjectURL(new Blob([data.slice(4)], { type: "image/jpeg" }));
  $("panel").src = next;
  // One picture is kept and no more: the one before may have shown somebody.
  if (picture) URL.revokeObjectURL(picture);
  picture = next;
  $("dark").hidden = true;
}

// One after the other: a lift must not overtake its touch.
let sent = Promise.resolve();
const finger = (kind, place) => { sent = sent.then(() => send("touch", { ...place, finger: kind })); };

let pointer = null;
function placeOf(event) {
  const box = $("panel").getBoundingClientRect();
  const inside = (value) => Math.min(1, Math.max(0, value));
  return { x: inside((event.clientX - box.left) / box.width), y: inside((event.clientY - box.top) / box.height) };
}

export function startPanel() {
  const panel = $("panel");
  panel.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    event.preventDefault();
    pointer = event.pointerId;
    panel.setPointerCapture(pointer);
    finger("down", { ...placeOf(event), sequence });
  });
  panel.addEventListener("pointerup", (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    finger("up", placeOf(event));
  });
  panel.addEventListener("pointercancel", (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    finger("up", { x: 0, y: 0 });
  });
  panel.addEventListener("contextmenu", (event) => event.preventDefault());
}

// ---- the same targets for the keyboard --------------------------------------------------------------------

let pressed = null;
function spotFor(id, [x, y, width, height], name) {
  const spot = make("button", "spot");
  spot.id = `spot-${id}`;
  spot.setAttribute("aria-label", name);
  for (const [side, part] of [["left", x], ["top", y], ["width", width], ["height", height]]) {
    spot.style[side] = `${part * 100}%`;
  }
  const middle = { x: x + width / 2, y: y + height / 2 };
  const lift = () => { if (pressed === id) { pressed = null; finger("up", middle); } };
  spot.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (event.repeat || pressed) return;
    pressed = id;
    finger("down", { ...middle, sequence });
  });
  spot.addEventListener("keyup", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    lift();
  });
  spot.addEventListener("blur", lift);
  // A screen reader's press comes without a key.
  spot.addEventListener("click", () => send("touch", { target: id }));
  return spot;
}

const drawSpots = whenChanged(([places, names]) => {
  const focused = $("spots").contains(document.activeElement) ? document.activeElement.id : "";
  const order = Object.entries(places).sort(([, a], [, b]) => a[1] - b[1] || a[0] - b[0]);
  $("spots").replaceChildren(...order.map(([id, place]) => spotFor(id, place, names[id])));
  if (focused) ($(focused) || $("spots").firstElementChild)?.focus();
});

export function showPanel(fresh) {
  const { on, title, width, height, places, names } = fresh.panel;
  $("plate-screen").textContent = title;
  $("panel").alt = title ? `発行機の画面：${title}` : "発行機の画面";
  document.documentElement.style.setProperty("--ratio", width / height);
  document.documentElement.classList.toggle("lying-panel", width > height);
  if (!on) darken(fresh.powered ? "準備しています" : "電源が切れています");
  drawSpots([on ? places : {}, names]);
}

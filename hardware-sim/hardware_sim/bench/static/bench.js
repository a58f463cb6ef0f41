// The page only shows what the bench tells, and passes on what is clicked; it decides nothing.

import { $, startTips } from "/lib.js";
import { darken, showPanel, showPicture, startPanel } from "/panel.js";
import { showFront, showTerminals, startFront } from "/front.js";
import { showPeople, startPeople } from "/people.js";
import { showWorld, startWorld } from "/world.js";
import { showFaults, startFaults } from "/faults.js";
import { showCamera, startCamera } from "/camera.js";

let state = null;

// ---- what it is doing, and how it is used -----------------------------------------------------------------

function showDoing({ tone, state: is, waits, state_en: isEn, waits_en: waitsEn }) {
  const words = [["doing-state", is], ["doing-waits", waits], ["doing-en", `${isEn} – ${waitsEn}`]];
  for (const [id, text] of words) if ($(id).textContent !== text) $(id).textContent = text;
  $("doing").dataset.tone = tone;
}

const VISITED = "bench-visited";
const kept = {
  visited() { try { return localStorage.getItem(VISITED) === "1"; } catch { return false; } },
  visit() { try { localStorage.setItem(VISITED, "1"); } catch { /* then it is shown again */ } },
};

function showSteps(shown) {
  $("steps").hidden = !shown;
  document.documentElement.classList.toggle("first", shown);
  $("help").setAttribute("aria-expanded", String(shown));
}

let screenBefore = "";
function followSteps(screen, tone) {
  const taking = screen === "take" || screen === "take_card";
  const step = screen === "idle" ? 1 : screen === "pay" ? 3 : tone === "person" && !taking ? 2 : 0;
  for (const n of [1, 2, 3]) $(`step-${n}`).setAttribute("aria-current", String(n === step));
  // Whoever has once taken a certificate knows the way: gone at the next visit to this page.
  if (screenBefore === "take" && screen !== "take") kept.visit();
  screenBefore = screen;
}

function startSteps() {
  showSteps(!kept.visited());
  $("help").addEventListener("click", () => showSteps($("steps").hidden));
  $("steps-close").addEventListener("click", () => { kept.visit(); showSteps(false); $("help").focus(); });
}

// ---- everything -------------------------------------------------------------------------------------------

function show(fresh) {
  state = fresh;
  showDoing(fresh.doing);
  followSteps(fresh.panel.screen, fresh.doing.tone);
  showPanel(fresh);
  showPeople(fresh);
  showWorld(fresh);
  showFaults(fresh.faults);
  showFront(fresh);
  showCamera(fresh.camera);
  showTerminals([fresh.terminal, fresh.others]);
}

function connect() {
  const socket = new WebSocket(`ws://${location.host}/api/live`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = (message) => {
    if (typeof message.data === "string") show(JSON.parse(message.data));
    else showPicture(message.data);
    appear();
  };
  socket.onclose = () => {
    appear();
    darken("ベンチにつながりません");
    showDoing({
      tone: "off", state: "切断", waits: "ベンチ（make run）を待っています", state_en: "Not connected",
      waits_en: "waits for the bench (make run)",
    });
    setTimeout(connect, 1000);
  };
}

let appearing = null;
function appear() {
  appearing ??= document.fonts.ready.then(() => document.documentElement.classList.remove("waiting"));
}

async function begin() {
  startTips();
  startSteps();
  startPanel();
  startFront();
  startWorld(() => state);
  startCamera();
  startPeople((await (await fetch("/api/cards")).json()).cards);
  startFaults(await (await fetch("/api/faults")).json());
  connect();
}
begin();

// What happens before the security camera, how its recorder is, and the recorder's case with its key.

import { $, english, make, send, tip, whenChanged } from "/lib.js";

const PICTURE_MS = 1000;
let state = null;
let seen = false;

function says(id, japanese, inEnglish, tipText, tipEnglish) {
  const button = $(id);
  if (button.dataset.says !== japanese) {
    button.dataset.says = japanese;
    button.replaceChildren(japanese, english(inEnglish));
  }
  tip(button, tipText, tipEnglish);
}

/** The next picture only when the last one has come, and only while somebody looks. */
function look() {
  const image = $("camera-picture");
  const again = () => setTimeout(look, PICTURE_MS);
  if (!seen || document.hidden || !state) { again(); return; }
  const fresh = new Image();
  fresh.onload = () => { image.src = fresh.src; again(); };
  fresh.onerror = again;
  fresh.src = `/api/camera.jpg?${Date.now()}`;
}

async function book(button, wish) {
  // The console takes a second or two; a second click would book twice.
  button.disabled = true;
  await send("casekey", wish);
  button.disabled = false;
}

export function startCamera() {
  $("camera-step").addEventListener("click", () => send("camera", { do: state?.person ? "leave" : "step_in" }));
  $("camera-still").addEventListener("click", () => send("camera", { do: "still", on: !state?.still }));
  $("camera-pass").addEventListener("click", () => send("camera", { do: "pass_by" }));
  $("camera-thing").addEventListener("click", () => send("camera", { do: state?.thing ? "take_away" : "put_down" }));
  $("camera-light").addEventListener("click", () => send("camera", { do: state?.light ? "light_off" : "light_on" }));
  $("camera-kill").addEventListener("click", () => send("fault", { target: "recorder", name: "kill" }));
  $("case-turn").addEventListener("click", () => send("case", { open: !state?.case_open }));
  $("case-key").addEventListener("click", (event) => book(event.currentTarget, { do: state?.key_out ? "in" : "out" }));
  $("case-seen").addEventListener("click", (event) => book(event.currentTarget, { do: "seen" }));
  new IntersectionObserver(([entry]) => { seen = entry.isIntersecting; }).observe($("camera-picture"));
  look();
}

const drawAlarms = whenChanged((alarms) => {
  $("camera-alarms").replaceChildren(...alarms.map((alarm) => {
    const line = make("li", "", alarm.words);
    line.append(english(alarm.words_en));
    return line;
  }));
});

export function showCamera(camera) {
  state = camera;
  $("camera").hidden = !camera;
  if (!camera) return;
  $("camera-now").dataset.tone = camera.alarms.length || !camera.running ? "alarm" : camera.recording ? "recording" : "";
  $("camera-state").textContent = camera.words;
  $("camera-state-en").textContent = camera.words_en;
  $("camera-footage").textContent = camera.footage_min === null ? "" : `録画 ${camera.footage_min}分 min`;
  drawAlarms(camera.alarms);
  if (camera.person) says("camera-step", "立ち去る", "Leave", "機械の前の人が立ち去る", "Whoever stands there goes away");
  else says("camera-step", "前に立つ", "Step in", "だれかが機械の前に立つ", "Somebody steps in front of the machine");
  $("camera-still").disabled = !camera.person;
  $("camera-still").setAttribute("aria-pressed", String(camera.still));
  if (camera.still) says("camera-still", "動く", "Move", "立っている人がまた動く", "Whoever stands there moves again");
  else says("camera-still", "動かない", "Stand still", "立っている人が、まったく動かない", "Whoever stands there does not move at all");
  if (camera.thing) says("camera-thing", "かばんを取る", "Take the bag", "置かれたかばんを取る", "Take the bag away");
  else says("camera-thing", "かばんを置く", "Leave a bag", "機械の前にかばんを置いていく", "A bag is left in front of the machine");
  if (camera.light) says("camera-light", "照明を消す", "Light off", "ロビーの照明を半分にする", "Half of the lobby's lamps go out");
  else says("camera-light", "照明をつける", "Light on", "ロビーの照明をつける", "The lobby's lamps go on");
  $("case-state").textContent = camera.case_open ? "開いています" : "閉まっています";
  $("case-line").classList.toggle("attention", camera.case_open);
  if (camera.case_open) says("case-turn", "閉める", "Shut", "録画装置のケースを閉める", "Shut the recorder's case");
  else says("case-turn", "開ける", "Open", "録画装置のケースを開ける", "Open the recorder's case");
  $("key-place").textContent = camera.key_out ? "持ち出し中" : "保管中";
  if (camera.key_out) says("case-key", "返す", "Bring back", "係員がケースの鍵を返し、簿冊に記録する", "The handler books the key back");
  else says("case-key", "持ち出す", "Take", "係員がケースの鍵を持ち出し、簿冊に記録する", "The handler books the key out");
  $("case-seen").hidden = !camera.alarms.some((alarm) => alarm.name === "case_opened");
}

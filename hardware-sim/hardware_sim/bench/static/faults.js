// こわす: everything that can fail, by device; mended one by one or all at once.

import { $, english, make, send, tip, whenChanged } from "/lib.js";

let words = { targets: {}, quick: [], faults: [], words: {} };

function breakButton(fault, place, values) {
  const button = make("button", "chip break", fault.label);
  button.id = `${place}-${fault.target}-${fault.name}`;
  tip(button, fault.description || fault.label, fault.english);
  button.addEventListener("click", () => send("fault", { target: fault.target, name: fault.name, values: { ...needed(fault), ...values() } }));
  return button;
}

// A hopper has to be named; everything else has its default at the bench.
const needed = (fault) => ("yen" in fault.parameters ? { yen: fault.parameters.yen } : {});

function withChoices(fault) {
  const selects = Object.entries(fault.choices).filter(([key]) => key !== "step").map(([key, values]) => {
    const select = make("select");
    select.dataset.key = key;
    select.setAttribute("aria-label", `${fault.label}：どのように How`);
    select.append(...values.map((value) => new Option((words.words[value] ?? [value, ""]).join(" "), value)));
    select.value = fault.parameters[key];
    return select;
  });
  const button = breakButton(fault, "more", () => Object.fromEntries(selects.map((select) => [select.dataset.key, select.value])));
  if (!selects.length) return button;
  const pair = make("span", "pair");
  pair.append(button, ...selects);
  return pair;
}

export function startFaults(vocabulary) {
  words = vocabulary;
  const of = (target, name) => words.faults.find((each) => each.target === target && each.name === name);
  const quick = words.quick.map(([target, name]) => of(target, name)).filter(Boolean);
  $("fault-quick").replaceChildren(...quick.map((fault) => breakButton(fault, "fault", () => ({}))));
  $("fault-more").replaceChildren(...Object.entries(words.targets).flatMap(([target, [label, inEnglish]]) => {
    const own = words.faults.filter((each) => each.target === target);
    if (!own.length) return [];
    const group = make("details");
    group.id = `fault-group-${target}`;
    const head = make("summary", "", label);
    head.append(english(`${inEnglish} (${own.length})`));
    const chips = make("div", "chips");
    chips.append(...own.map(withChoices));
    group.append(head, chips);
    return [group];
  }));
  $("mend-all").addEventListener("click", () => send("clear"));
}

export const showFaults = whenChanged((broken) => {
  $("broken").classList.toggle("alarm", broken.length > 0);
  $("mend-all").disabled = broken.length === 0;
  if (!broken.length) {
    const none = make("span", "none", "こわれているものはありません");
    none.append(english("Nothing is broken"));
    $("broken-list").replaceChildren(none);
    return;
  }
  $("broken-list").replaceChildren(...broken.map((each) => {
    const button = make("button", "chip mend", `${each.label} を直す`);
    button.id = `mend-${each.target}-${each.name}`;
    const known = words.faults.find((fault) => fault.target === each.target && fault.name === each.name);
    tip(button, `${each.label} を直す`, `Repair: ${known ? known.english : each.name}`);
    button.addEventListener("click", () => send("clear", { target: each.target, name: each.name }));
    return button;
  }));
});

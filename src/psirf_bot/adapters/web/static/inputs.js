// What a card's inputs hold, and a first look at it.

import { make } from "./page.js";
import { reveal } from "./scrolling.js";

export function answers(card) {
  const given = {};
  for (const input of card.querySelectorAll("input[name], select[name], textarea[name]")) {
    const half = /^(.*)\.(date|time)$/.exec(input.name);
    if (input.type === "radio") given[input.name] = input.checked ? input.value : (given[input.name] ?? null);
    else if (input.type === "checkbox") {
      given[input.name] ??= null;
      if (input.checked) given[input.name] = [...(given[input.name] || []), input.value];
    } else if (half) given[half[1]] = { ...given[half[1]], [half[2]]: input.value || null };
    else given[input.name] = input.value || null;
  }
  for (const [name, value] of Object.entries(given)) {
    if (value && "date" in Object(value) && !value.date && !value.time) given[name] = null;
  }
  return given;
}

/** A first kind check, so that nobody waits for the server to hear of an empty field. The server decides. */
export function isComplete(card) {
  card.querySelectorAll("[data-checked-here]").forEach((error) => clearError(error.closest(".field")));
  const wrong = new Map();
  for (const input of card.querySelectorAll("input, select, textarea")) {
    const { valueMissing, badInput } = input.validity;
    const field = input.closest(".field");
    if (!field || wrong.has(field) || !(valueMissing || badInput)) continue;
    if (input.type === "radio" || input.tagName === "SELECT") wrong.set(field, [input, "choose an answer."]);
    else if (badInput) wrong.set(field, [input, "this is not complete yet."]);
    else wrong.set(field, [input, input.type === "date" ? "enter a day." : "answer this."]);
  }
  wrong.forEach(([input, words], field) => showError(field, input, `Please check: ${words}`));
  const first = wrong.values().next().value;
  if (first) {
    first[0].focus({ preventScroll: true });
    reveal(first[0].closest(".field"));
  }
  return wrong.size === 0;
}

function showError(field, input, words) {
  clearError(field);
  const described = field.tagName === "FIELDSET" ? field : input;
  const error = make("p", { class: "error", id: `${input.id}-checked`, "data-checked-here": true }, words);
  (field.querySelector(":scope > .hint") || field.querySelector("legend, label")).after(error);
  described.setAttribute("aria-describedby", `${described.getAttribute("aria-describedby") || ""} ${error.id}`.trim());
  field.querySelectorAll("input, select, textarea").forEach((each) => each.setAttribute("aria-invalid", "true"));
}

export function clearError(field) {
  for (const error of field.querySelectorAll(".error")) {
    for (const described of [field, ...field.querySelectorAll("[aria-describedby]")]) {
      const left = (described.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== error.id);
      if (left.length) described.setAttribute("aria-describedby", left.join(" "));
      else described.removeAttribute("aria-describedby");
    }
    error.remove();
  }
  field.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
}

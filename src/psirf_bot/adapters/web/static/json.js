// The JSON that the platforms would get, and copying what is on the page.

import { $, hear } from "./page.js";
import { ask } from "./server.js";

export const FORMATS = ["adaptive", "blockkit", "modal"];
let shownJson = {};

export async function openJson(item) {
  $("json-of").textContent = item.querySelector("h3").textContent;
  shownJson = item.json || {};
  $("json").showModal();
  showTab("adaptive");
  if (item.json) return;
  try {
    const got = await Promise.all(FORMATS.map((format) => ask(`/chat/cards/${item.message}?format=${format}`)));
    shownJson = Object.fromEntries(FORMATS.map((format, n) => [format, got[n]]));
    showTab("adaptive");
  } catch {
    $("json-text").textContent = "It could not be loaded. Please close this and try again.";
  }
}

export function showTab(format) {
  for (const each of FORMATS) {
    $(`tab-${each}`).setAttribute("aria-selected", each === format);
    $(`tab-${each}`).tabIndex = each === format ? 0 : -1;
  }
  $("json-panel").setAttribute("aria-labelledby", `tab-${format}`);
  $("json-text").textContent = shownJson[format] ? JSON.stringify(shownJson[format], null, 2) : "Loading…";
  $("json-text").scrollTop = 0;
}

export async function copy(button) {
  const source = $(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    getSelection().selectAllChildren(source); // without the permission: select it, for the person to copy
    if (!document.execCommand("copy")) return hear("The text is selected. Press Control and C to copy it.");
    getSelection().removeAllRanges();
  }
  const label = button.dataset.label || (button.dataset.label = button.textContent);
  button.textContent = "Copied";
  button.classList.add("copied");
  hear("Copied");
  setTimeout(() => {
    button.textContent = label;
    button.classList.remove("copied");
  }, 2_000);
}

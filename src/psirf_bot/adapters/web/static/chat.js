// The chat page: what people do on it. Each part has a file of its own, and knows nothing of those that use it.

import { moveClock } from "./clock.js";
import { clearError } from "./inputs.js";
import { FORMATS, copy, openJson, showTab } from "./json.js";
import { $, page } from "./page.js";
import { become, choose, drawPeople, enter, openMenu } from "./rooms.js";
import { ask } from "./server.js";
import { press, say } from "./turns.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { dataset } = button;
  if (dataset.action !== undefined) press(button.closest(".message"), button);
  else if (dataset.copy) copy(button);
  else if (dataset.json !== undefined) openJson(button.closest(".message"));
  else if (dataset.room) {
    enter(dataset.room);
    $("room-title").focus();
  } else if (dataset.person) {
    become(page.people.find((person) => person.email === dataset.person), dataset.in);
    $("room-title").focus();
  } else if (dataset.clock) moveClock(dataset.clock);
});

$("logs").addEventListener("input", (event) => {
  const item = event.target.closest(".message");
  item.dirty = true;
  const field = event.target.closest(".field");
  if (field?.querySelector("[data-checked-here]")) clearError(field);
});
$("logs").addEventListener("submit", (event) => event.preventDefault());
$("logs").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("input:not([type=radio], [type=checkbox])")) return;
  event.preventDefault();
  const card = event.target.closest(".card");
  const send = card.querySelector("[data-validates]") || card.querySelector("[data-submits]");
  if (send) press(card.closest(".message"), send);
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("words").value.trim();
  $("words").focus();
  if (!text) return;
  $("words").value = "";
  say(text);
});
$("words").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});
$("chips").addEventListener("click", (event) => {
  if (event.target.tagName === "BUTTON") say(event.target.textContent);
});

$("who").addEventListener("change", () => become(page.people.find((person) => person.email === $("who").value)));
$("menu").addEventListener("click", () => {
  const open = $("menu").getAttribute("aria-expanded") !== "true";
  openMenu(open);
  if (open) $("who").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && $("menu").getAttribute("aria-expanded") === "true") {
    openMenu(false);
    $("menu").focus();
  }
});

$("json-close").addEventListener("click", () => $("json").close());
document.querySelector("[role=tablist]").addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) showTab(tab.id.replace("tab-", ""));
});
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const at = FORMATS.findIndex((format) => event.target.id === `tab-${format}`);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: FORMATS.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const format = FORMATS.at(to % FORMATS.length);
  showTab(format);
  $(`tab-${format}`).focus();
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says who you are and where
  (page.rooms.get(page.room)?.log || $("main")).focus();
});
window.addEventListener("hashchange", () => location.reload()); // an address for somebody else was opened in this tab

async function begin() {
  try {
    const known = await ask("/chat/people");
    page.people = known.people;
    $("trust").textContent = known.trust;
    drawPeople();
    const wanted = new URLSearchParams(location.hash.slice(1));
    const person = page.people.find((each) => each.email === wanted.get("as"));
    if (person) become(person, wanted.get("room"));
    else choose();
  } catch {
    $("connection").textContent = "";
    $("trust").textContent = "Not connected. Trying again…";
    setTimeout(begin, 2_000);
  }
}

begin();

// What somebody says or presses, and what comes back beside it.

import { answers, isComplete } from "./inputs.js";
import { append, arrive, beside, fill, land, stayAs, take } from "./messages.js";
import { $, make, page } from "./page.js";
import { Told, newKey, post } from "./server.js";

export function say(text) {
  const room = page.rooms.get(page.room);
  const item = make("li", { class: "message me", "data-key": newKey() }, make("p", { class: "said" }, text));
  item.append(make("div", { class: "beside", role: "status" }));
  append(room, item, false);
  const body = { as: page.me.email, room: room.id, text, key: item.dataset.key };
  deliverWords(item, body, page.me);
}

async function deliverWords(item, body, me) {
  beside(item, "Sending…", "quiet");
  try {
    const told = await post("/chat/say", body);
    if (me !== page.me) return;
    const before = page.items.get(told.message.id);
    if (!before) arrive(item, told.message);
    else if (before !== item) item.remove();
    answerBeside(page.items.get(told.message.id), told);
  } catch (error) {
    if (me !== page.me || !item.dataset.key) return; // it has arrived, as the room shows
    if (error instanceof Told) beside(item, error.message, "trouble");
    else beside(item, "Not sent yet.", "trouble", retry(() => deliverWords(item, body, me)));
  }
}

export function press(item, button) {
  const card = button.closest(".card");
  if (item.busy || (button.dataset.validates && !isComplete(card))) return;
  const given = button.dataset.submits ? answers(card) : {};
  const { action } = button.dataset;
  deliverPress(item, { as: page.me.email, room: item.room, message: item.message, action, given, key: newKey() });
}

async function deliverPress(item, body) {
  const me = page.me;
  const held = item.contains(document.activeElement);
  const before = page.revision;
  setBusy(item, true);
  const slow = setTimeout(() => beside(item, "Working on it…", "quiet"), 400);
  try {
    const told = await post("/chat/press", body);
    clearTimeout(slow);
    if (me !== page.me) return;
    setBusy(item, false);
    beside(item, told.notice);
    if (told.card && told.in_place) {
      item.revision = told.revision ?? item.revision;
      fill(item, told.card.html, told.card);
      item.dirty = item.querySelector("[aria-invalid='true']") !== null; // refused words are kept nowhere else
      if (held) land(item);
      if (told.kept) keep(item, before);
    } else {
      answerBeside(item, { card: told.card, kept: told.kept }, before);
    }
  } catch (error) {
    clearTimeout(slow);
    if (me !== page.me) return;
    setBusy(item, false);
    if (error instanceof Told) beside(item, error.message, "trouble");
    else {
      const words = item.querySelector("form") ? "Not sent yet. Your words are still here." : "Not sent yet.";
      beside(item, words, "trouble", retry(() => !item.busy && deliverPress(item, body)));
    }
  }
  if (item.later) {
    const later = item.later;
    item.later = null;
    take(later, false);
  }
}

/** Buttons keep the focus while a press is under way; they only do nothing. */
function setBusy(item, busy) {
  item.busy = busy;
  item.querySelector(".card").setAttribute("aria-busy", busy);
  item.querySelectorAll("[data-action]").forEach((button) => {
    if (busy) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  });
}

function retry(again) {
  const button = make("button", { type: "button" }, "Try again");
  button.addEventListener("click", again);
  return button;
}

/** A card that only this person sees, under what they pressed or said: what has a window elsewhere. It is kept nowhere. */
function answerBeside(item, told, before = page.revision) {
  if (told.notice) beside(item, told.notice);
  if (!told.card) return;
  const close = make("button", { type: "button" }, "Close");
  const alone = make("li", { class: "message bot alone" });
  const note = page.rooms.get(page.room).private ? "Opened for you" : "Only you can see this";
  alone.append(make("p", { class: "alone-note" }, note, close));
  alone.append(make("div", { class: "body" }), make("div", { class: "beside", role: "status" }));
  alone.room = `user:${page.me.email}`;
  alone.message = null;
  alone.revision = 0;
  fill(alone, told.card.html, told.card);
  close.addEventListener("click", () => {
    alone.remove();
    (item.querySelector("h3") || $("words")).focus();
  });
  const former = item.nextElementSibling;
  if (former?.classList.contains("alone") && !former.dirty && !former.busy) former.remove();
  item.after(alone);
  land(alone);
  if (told.kept) keep(alone, before);
}

/** The same card comes as a message too, or has just come: it takes this one's place, so that it stands there once. */
function keep(alone, before) {
  alone.kept = alone.querySelector("h3").textContent;
  const come = [...alone.parentElement.children].find(
    (each) => each.message && each.revision > before && each.querySelector("h3")?.textContent === alone.kept,
  );
  if (come) stayAs(alone, come);
}

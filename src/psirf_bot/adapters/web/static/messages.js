// Messages in their rooms. Card HTML comes from our own renderer, which escapes every word; other text goes in as text.

import { hear, make, page } from "./page.js";
import { reveal, scrollTo } from "./scrolling.js";
import { noteUnread } from "./unread.js";

/** A message from the server: new, or a newer version of one that is already shown. */
export function take(message, quietly) {
  const room = page.rooms.get(message.room);
  if (!room) return;
  const shown = page.items.get(message.id);
  if (!shown) {
    const sending = message.key && room.list.querySelector(`[data-key="${CSS.escape(message.key)}"]`);
    const item = sending || make("li", { class: `message ${message.by}` });
    arrive(item, message);
    if (sending) return;
    const shownAlone = message.html && [...room.list.children].find((each) => each.kept === message.title);
    if (shownAlone) stayAs(shownAlone, item);
    else append(room, item, quietly);
    noteUnread(room, message);
    if (!quietly && message.by !== "me") hear(`${message.author}: ${message.title || message.text}`);
  } else if (message.revision > shown.revision) {
    if (shown.busy) shown.later = message;
    else if (shown.dirty) offer(shown, message);
    else {
      renew(shown, message);
      noteUnread(room, message);
    }
  }
}

/** Fill an element with a message for the first time. */
export function arrive(item, message) {
  const by = make("p", { class: "by" });
  by.append(make("span", { class: "who" }, message.author), ` ${message.at}`);
  item.removeAttribute("data-key");
  item.revision = message.revision;
  item.room = message.room;
  item.message = message.id;
  page.items.set(message.id, item);
  const body = message.html ? make("div", { class: "body" }) : make("p", { class: "said" }, message.text);
  item.replaceChildren(by, body, make("div", { class: "beside", role: "status" }));
  if (message.html) fill(item, message.html, null);
}

/** Put a card into a message. `json` is what the platforms get, when the server does not keep it. */
export function fill(item, html, json) {
  const body = item.querySelector(".body");
  const held = body.contains(document.activeElement);
  body.innerHTML = html;
  item.json = json;
  item.dirty = false;
  const title = item.querySelector("h3");
  title.tabIndex = -1;
  const show = make("button", { type: "button", class: "link", "data-json": true }, "Show the JSON");
  show.append(make("span", { class: "unseen" }, ` of ${title.textContent}`));
  item.querySelector(".tools")?.remove();
  item.append(make("div", { class: "tools" }, show));
  if (held) title.focus({ preventScroll: true });
}

function renew(item, message) {
  const scrolled = item.closest(".log").scrollTop;
  item.revision = message.revision;
  beside(item, "");
  fill(item, message.html, null);
  item.closest(".log").scrollTop = scrolled;
  hear(`Changed: ${message.title}`);
}

/** A card changed elsewhere while words are typed in it: the words stay until the person asks for the new one. */
function offer(item, message) {
  const show = make("button", { type: "button" }, "Show the new one");
  show.addEventListener("click", () => {
    renew(item, message);
    item.querySelector("h3").focus();
  });
  beside(item, "This card has changed meanwhile. Your words are still here.", "notice", show);
}

/** A word beside a message, which leaves the message as it is. */
export function beside(item, words, kind = "notice", ...buttons) {
  const place = item.querySelector(".beside");
  place.className = `beside ${kind}`;
  place.replaceChildren(...(words ? [make("span", {}, words), ...buttons] : []));
  const log = item.closest(".log");
  const below = log ? place.getBoundingClientRect().bottom + 16 - log.getBoundingClientRect().bottom : 0;
  if (words && kind !== "quiet" && below > 0) log.scrollTop += below;
}

export function append(room, item, quietly) {
  const atEnd = room.log.scrollHeight - room.log.scrollTop - room.log.clientHeight < 160;
  room.list.append(item);
  if (!quietly && (atEnd || item.classList.contains("me"))) scrollTo(room, item);
}

/** After a press, go on where the answer is: at the first thing to put right, else at the card's heading. */
export function land(item) {
  const wrong = item.querySelector("[aria-invalid='true']");
  (wrong || item.querySelector("h3")).focus({ preventScroll: true });
  reveal(wrong?.closest(".field") || item);
}

export function stayAs(alone, item) {
  const held = alone.contains(document.activeElement);
  const words = alone.querySelector(".beside").textContent;
  alone.replaceWith(item);
  if (words) beside(item, words);
  if (held) land(item);
}

// Who the page is used as, their rooms, and the news from the server.

import { showClock } from "./clock.js";
import { take } from "./messages.js";
import { $, make, page } from "./page.js";
import { scrollToEnd } from "./scrolling.js";
import { ask } from "./server.js";
import { keepingFocus, markUnread } from "./unread.js";

const EARLIEST_RETRY = 1_000;

export function become(person, roomId) {
  page.polling?.abort();
  Object.assign(page, { me: person, revision: 0, rooms: new Map(), items: new Map() });
  $("logs").replaceChildren();
  for (const room of person.rooms) {
    const list = make("ol", {});
    const hint = room.private ? "Write something, or try one of the words below." : "What is posted in this channel will stand here.";
    const about = { class: "log", role: "region", tabindex: "0", "aria-label": `Messages in ${room.name}`, hidden: true };
    const log = make("div", about, list, make("p", { class: "empty" }, `Nothing here yet. ${hint}`));
    $("logs").append(log);
    page.rooms.set(room.id, { ...room, list, log, draft: "", unread: new Set() });
  }
  $("who").value = person.email;
  $("about").textContent = person.about;
  $("acting").replaceChildren(
    make("span", { class: "name" }, person.name),
    make("span", { class: "face", role: "img", "aria-label": `You are ${person.name}` }, initials(person.name)),
  );
  document.body.classList.remove("choosing");
  for (const id of ["chat", "side", "menu", "acting"]) $(id).hidden = false;
  $("welcome").hidden = true;
  page.room = null;
  enter(page.rooms.has(roomId) ? roomId : `user:${person.email}`);
  follow();
}

export function enter(roomId) {
  const before = page.rooms.get(page.room);
  if (before) before.draft = $("words").value;
  page.room = roomId;
  const room = page.rooms.get(roomId);
  page.rooms.forEach((each) => (each.log.hidden = each !== room));
  $("words").value = room.draft;
  $("room-title").textContent = room.name;
  $("room-about").textContent = room.private
    ? "Private. Nobody reads this chat live."
    : "Everybody in this channel sees what is posted here.";
  $("words-label").textContent = `Message in ${room.name}`;
  history.replaceState(null, "", `#${new URLSearchParams({ as: page.me.email, room: roomId })}`);
  openMenu(false);
  markUnread();
  scrollToEnd(room);
}

export function choose() {
  page.polling?.abort();
  document.body.classList.add("choosing");
  $("welcome").hidden = false;
}

export function drawPeople() {
  $("who").replaceChildren(...page.people.map((person) => make("option", { value: person.email }, person.name)));
  $("faces").replaceChildren(
    ...page.people.map((person) => {
      const words = make("span", {}, person.name, make("span", { class: "subtle" }, person.about));
      const button = make("button", { type: "button" }, make("span", { class: "face", "aria-hidden": "true" }, initials(person.name)), words);
      button.addEventListener("click", () => {
        become(person);
        $("words").focus();
      });
      return make("li", {}, button);
    }),
  );
}

export function openMenu(open) {
  $("side").classList.toggle("open", open);
  $("menu").setAttribute("aria-expanded", open);
  $("main").inert = open;
}

function initials(name) {
  const words = name.split(/[\s-]+/);
  return (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

async function follow() {
  page.polling?.abort();
  const mine = (page.polling = new AbortController());
  let pause = EARLIEST_RETRY;
  let first = true; // answered at once; every other request waits for news
  while (!mine.signal.aborted) {
    const query = new URLSearchParams({ as: page.me.email, ...(first ? {} : { after: page.revision }) });
    try {
      const news = await ask(`/chat/messages?${query}`, { signal: mine.signal });
      if (mine.signal.aborted) return;
      $("connection").textContent = "";
      pause = EARLIEST_RETRY;
      if (news.revision < page.revision) return location.reload(); // the demo has begun afresh
      page.revision = news.revision;
      page.waiting = news.waiting;
      news.messages.forEach((message) => take(message, first));
      if (first) scrollToEnd(page.rooms.get(page.room));
      first = false;
      keepingFocus(markUnread);
      showClock();
    } catch (error) {
      if (mine.signal.aborted) return;
      $("connection").textContent = "Not connected. Trying again…";
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 8_000);
    }
  }
}

// Unread marks: what this tab has shown of each person's rooms, as the newest revision seen.

import { $, make, page } from "./page.js";

export function noteUnread(room, message) {
  const last = seen()[page.me.email]?.[room.id] || 0;
  if (message.by !== "me" && message.revision > last) room.unread.add(message.id);
}

export function markUnread() {
  if (!page.me) return;
  const all = seen();
  const open = page.rooms.get(page.room);
  open.unread.clear();
  (all[page.me.email] ??= {})[page.room] = page.revision;
  sessionStorage.setItem("seen", JSON.stringify(all));
  $("rooms").replaceChildren(...[...page.rooms.values()].map(roomButton));
  const others = page.people
    .filter((person) => person !== page.me)
    .map((person) => ({ person, room: roomWithNews(person, all[person.email] || {}) }))
    .filter(({ room }) => room)
    .sort((a, b) => b.room.private - a.room.private || page.waiting[b.room.id] - page.waiting[a.room.id]);
  $("others").hidden = others.length === 0;
  $("others-title").textContent = `New for ${others.length} ${others.length === 1 ? "other" : "others"}`;
  $("others-list").replaceChildren(...others.map(otherButton));
  const unread = [...page.rooms.values()].reduce((sum, room) => sum + room.unread.size, 0);
  $("menu-new").hidden = unread + others.length === 0;
  document.title = `${unread ? `(${unread}) ` : ""}Patient safety chat`;
}

/** Redrawn lists keep the focus on the same thing. */
export function keepingFocus(draw) {
  const { room, person } = document.activeElement?.dataset || {};
  draw();
  const again = room ? `[data-room="${CSS.escape(room)}"]` : person ? `[data-person="${CSS.escape(person)}"]` : null;
  if (again && document.activeElement === document.body) document.querySelector(again)?.focus();
}

function seen() {
  return JSON.parse(sessionStorage.getItem("seen") || "{}");
}

/** Where this person has news from the bot that this tab has not shown as them: their own chat first, then the newest. */
function roomWithNews(person, seenRooms) {
  return person.rooms
    .filter((room) => page.waiting[room.id] > (seenRooms[room.id] || 0))
    .sort((a, b) => b.private - a.private || page.waiting[b.id] - page.waiting[a.id])[0];
}

function roomButton(room) {
  const current = room.id === page.room;
  const button = make("button", { type: "button", "data-room": room.id, "aria-current": current ? "true" : null });
  button.append(make("span", { class: "sign", "aria-hidden": "true" }, room.private ? "@" : "#"), room.name);
  if (room.unread.size) button.append(make("span", { class: "count" }, `${room.unread.size}`, make("span", { class: "unseen" }, " new")));
  return make("li", {}, button);
}

function otherButton({ person, room }) {
  const button = make("button", { type: "button", "data-person": person.email, "data-in": room.id });
  const name = make("span", {}, make("span", { class: "unseen" }, "Change to "), person.name);
  if (!room.private) name.append(make("span", { class: "subtle" }, ` in ${room.name}`));
  button.append(make("span", { class: "dot", "aria-hidden": "true" }), name);
  return make("li", {}, button);
}

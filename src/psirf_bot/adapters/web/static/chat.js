// The chat page: who you are, the rooms, what is said and pressed there, and the demo clock.
// Card HTML comes from our own renderer, which escapes every word; all other text goes in as text.

const $ = (id) => document.getElementById(id);
const WAIT = 20_000; // milliseconds until a request counts as not sent
const EARLIEST_RETRY = 1_000;
const DELIVERED = 10_000; // milliseconds in which what has fallen due arrives; the page says so in words

const page = {
  people: [],
  me: null, // the person the page is used as
  room: null, // the id of the room that is open
  rooms: new Map(), // room id -> {id, name, private, list, log, draft, unread}
  items: new Map(), // message id -> its element
  revision: 0,
  waiting: {}, // room id -> newest revision from the bot there, whoever sees that room
  polling: null, // aborts the request that waits for news
};

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function hear(words) {
  $("heard").append(make("p", {}, words));
  while ($("heard").children.length > 8) $("heard").firstChild.remove();
}

// --- Talking to the server -----------------------------------------------------------------------------------

/** What the server said no to, in its words. Every other failure means that nobody knows whether it arrived. */
class Told extends Error {}

async function ask(address, options = {}) {
  const response = await fetch(address, options);
  if (response.ok) return response.json();
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  const body = await response.json().catch(() => ({}));
  throw new Told(body.error || "That did not work. Please load the page again.");
}

function post(address, body) {
  return ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(WAIT),
  });
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

// --- Messages ------------------------------------------------------------------------------------------------

/** A message from the server: new, or a newer version of one that is already shown. */
function take(message, quietly) {
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
function arrive(item, message) {
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
function fill(item, html, json) {
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
function beside(item, words, kind = "notice", ...buttons) {
  const place = item.querySelector(".beside");
  place.className = `beside ${kind}`;
  place.replaceChildren(...(words ? [make("span", {}, words), ...buttons] : []));
  const log = item.closest(".log");
  const below = log ? place.getBoundingClientRect().bottom + 16 - log.getBoundingClientRect().bottom : 0;
  if (words && kind !== "quiet" && below > 0) log.scrollTop += below;
}

function append(room, item, quietly) {
  const atEnd = room.log.scrollHeight - room.log.scrollTop - room.log.clientHeight < 160;
  room.list.append(item);
  if (!quietly && (atEnd || item.classList.contains("me"))) scrollTo(room, item);
}

/** Show all of a message, or its beginning when it is taller than the room. */
function scrollTo(room, item) {
  const { log } = room;
  const top = item.offsetTop - 16;
  log.scrollTop = item.offsetHeight + 32 > log.clientHeight ? top : top + item.offsetHeight + 32 - log.clientHeight;
}

/** Put something in a message at the top of the room. */
function reveal(element) {
  const log = element.closest(".log");
  log.scrollTop += element.getBoundingClientRect().top - log.getBoundingClientRect().top - 16;
}

function scrollToEnd(room) {
  if (room.list.lastElementChild) scrollTo(room, room.list.lastElementChild);
}

// --- Saying --------------------------------------------------------------------------------------------------

function say(text) {
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

function retry(again) {
  const button = make("button", { type: "button" }, "Try again");
  button.addEventListener("click", again);
  return button;
}

// --- Pressing ------------------------------------------------------------------------------------------------

function press(item, button) {
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

/** After a press, go on where the answer is: at the first thing to put right, else at the card's heading. */
function land(item) {
  const wrong = item.querySelector("[aria-invalid='true']");
  (wrong || item.querySelector("h3")).focus({ preventScroll: true });
  reveal(wrong?.closest(".field") || item);
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

function stayAs(alone, item) {
  const held = alone.contains(document.activeElement);
  const words = alone.querySelector(".beside").textContent;
  alone.replaceWith(item);
  if (words) beside(item, words);
  if (held) land(item);
}

// --- What a card's inputs hold -------------------------------------------------------------------------------

function answers(card) {
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
function isComplete(card) {
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

function clearError(field) {
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

// --- People and rooms ----------------------------------------------------------------------------------------

function initials(name) {
  const words = name.split(/[\s-]+/);
  return (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

function become(person, roomId) {
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

function enter(roomId) {
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

function choose() {
  page.polling?.abort();
  document.body.classList.add("choosing");
  $("welcome").hidden = false;
}

function drawPeople() {
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

// Unread marks: what this tab has shown of each person's rooms, as the newest revision seen.

function seen() {
  return JSON.parse(sessionStorage.getItem("seen") || "{}");
}

function noteUnread(room, message) {
  const last = seen()[page.me.email]?.[room.id] || 0;
  if (message.by !== "me" && message.revision > last) room.unread.add(message.id);
}

function markUnread() {
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

/** Redrawn lists keep the focus on the same thing. */
function keepingFocus(draw) {
  const { room, person } = document.activeElement?.dataset || {};
  draw();
  const again = room ? `[data-room="${CSS.escape(room)}"]` : person ? `[data-person="${CSS.escape(person)}"]` : null;
  if (again && document.activeElement === document.body) document.querySelector(again)?.focus();
}

function openMenu(open) {
  $("side").classList.toggle("open", open);
  $("menu").setAttribute("aria-expanded", open);
  $("main").inert = open;
}

// --- The clock -----------------------------------------------------------------------------------------------

let nextWorkingMorning = "";
let lastMove = 0; // counts the moves, so that only the last one is reported on

async function showClock() {
  try {
    const clock = await ask("/chat/clock");
    nextWorkingMorning = clock.next_working_morning;
    $("now").textContent = clock.words;
    $("now").dateTime = clock.now;
    $("moved").hidden = !clock.moved;
  } catch {
    $("now").textContent = "Not known now";
  }
}

async function moveClock(how) {
  const body = how === "morning" ? { set: nextWorkingMorning } : how === "back" ? { set: new Date().toISOString() } : { advance: how };
  const move = ++lastMove;
  const before = newestOfAll();
  try {
    await post("/dev/clock", body);
    await showClock();
    hear(`The demo clock says ${$("now").textContent}.`);
    if (move !== lastMove) return;
    $("clock-news").textContent = "Messages arrive within ten seconds.";
    setTimeout(() => tellWhatCame(move, before), DELIVERED);
  } catch {
    $("clock-news").textContent = "The clock could not be moved. Please try again.";
  }
}

function tellWhatCame(move, before) {
  if (move !== lastMove) return;
  const came = newestOfAll() > before;
  $("clock-news").textContent = came ? "What was due has arrived." : "Nothing was due for anybody.";
}

/** The newest revision from the bot in any room, whoever sees it. */
function newestOfAll() {
  return Math.max(0, ...Object.values(page.waiting));
}

// --- The JSON ------------------------------------------------------------------------------------------------

const FORMATS = ["adaptive", "blockkit", "modal"];
let shownJson = {};

async function openJson(item) {
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

function showTab(format) {
  for (const each of FORMATS) {
    $(`tab-${each}`).setAttribute("aria-selected", each === format);
    $(`tab-${each}`).tabIndex = each === format ? 0 : -1;
  }
  $("json-panel").setAttribute("aria-labelledby", `tab-${format}`);
  $("json-text").textContent = shownJson[format] ? JSON.stringify(shownJson[format], null, 2) : "Loading…";
  $("json-text").scrollTop = 0;
}

async function copy(button) {
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

// --- What people do ------------------------------------------------------------------------------------------

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
    if (!known.fictional) $("banner").textContent = "Demonstration. Never type real patient details.";
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

// The demo clock.

import { $, hear, page } from "./page.js";
import { ask, post } from "./server.js";

const DELIVERED = 10_000; // milliseconds in which what has fallen due arrives; the page says so in words
let nextWorkingMorning = "";
let lastMove = 0; // counts the moves, so that only the last one is reported on

export async function showClock() {
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

export async function moveClock(how) {
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

// Which part of a room is in sight.

/** Show all of a message, or its beginning when it is taller than the room. */
export function scrollTo(room, item) {
  const { log } = room;
  const top = item.offsetTop - 16;
  log.scrollTop = item.offsetHeight + 32 > log.clientHeight ? top : top + item.offsetHeight + 32 - log.clientHeight;
}

/** Put something in a message at the top of the room. */
export function reveal(element) {
  const log = element.closest(".log");
  log.scrollTop += element.getBoundingClientRect().top - log.getBoundingClientRect().top - 16;
}

export function scrollToEnd(room) {
  if (room.list.lastElementChild) scrollTo(room, room.list.lastElementChild);
}

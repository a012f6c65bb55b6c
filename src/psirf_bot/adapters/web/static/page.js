// What every part of the page shares: who it is used as, what is shown, and how elements are made.

export const $ = (id) => document.getElementById(id);

export const page = {
  people: [],
  me: null, // the person the page is used as
  room: null, // the id of the room that is open
  rooms: new Map(), // room id -> {id, name, private, list, log, draft, unread}
  items: new Map(), // message id -> its element
  revision: 0,
  waiting: {}, // room id -> newest revision from the bot there, whoever sees that room
  polling: null, // aborts the request that waits for news
};

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function hear(words) {
  $("heard").append(make("p", {}, words));
  while ($("heard").children.length > 8) $("heard").firstChild.remove();
}

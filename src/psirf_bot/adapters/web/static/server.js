// Talking to the server.

const WAIT = 20_000; // milliseconds until a request counts as not sent

/** What the server said no to, in its words. Every other failure means that nobody knows whether it arrived. */
export class Told extends Error {}

export async function ask(address, options = {}) {
  const response = await fetch(address, options);
  if (response.ok) return response.json();
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  const body = await response.json().catch(() => ({}));
  throw new Told(body.error || "That did not work. Please load the page again.");
}

export function post(address, body) {
  return ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(WAIT),
  });
}

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Block Kit as HTML: reads a line of JSON for each message or view ({"blocks": …, "theme": "light" | "dark"}) and
// writes a line of JSON, its HTML, for each. It draws what stands in the blocks; a window's frame is drawn by frames.py.

import { createInterface } from "node:readline";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

// The renderer reads markup and emoji in plain text, and Slack does not: a character without width keeps them apart.
const literally = (text) => text.replace(/[*_~`:]/g, "$&\u2060");

function asSlackWould(node) {
  if (Array.isArray(node)) return node.map(asSlackWould);
  if (node === null || typeof node !== "object") return node;
  if (node.type === "plain_text") return { ...node, text: literally(node.text) };
  const seen = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, asSlackWould(value)]));
  if (node.type !== "input") return seen;
  // Slack writes this behind the label itself; the renderer does not. And it takes fields of one action for one field.
  seen.label.text += node.optional ? " (optional)" : "";
  seen.element.action_id = node.block_id;
  return seen;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { blocks, theme } = JSON.parse(line);
  const drawn = renderToStaticMarkup(
    createElement(Message, { blocks: asSlackWould(blocks), theme, name: "", logo: "", withoutWrapper: true }),
  );
  // Said of every field by the renderer, and by Slack of none of ours.
  console.log(JSON.stringify(drawn.replaceAll("<p>↵ Please &#x27;enter&#x27; to submit</p>", "")));
}

// Draws an Adaptive Card with Microsoft's own renderer, in colours and sizes close to those of Teams on a phone.

"use strict";

const FONTS = { default: { fontFamily: "'Segoe UI', system-ui, sans-serif" }, monospace: { fontFamily: "monospace" } };

const COLOURS = {
  light: {
    back: { default: "#ffffff", emphasis: "#f5f5f5", warning: "#fff9f5", attention: "#fdf3f4", accent: "#e8ebfa", good: "#f1faf1" },
    text: { default: "#242424", accent: "#5b5fc7", attention: "#c50f1f", good: "#0e700e", warning: "#bc4b09", dark: "#242424", light: "#ffffff" },
    subtle: "#616161",
  },
  dark: {
    back: { default: "#292929", emphasis: "#1f1f1f", warning: "#411200", attention: "#3b0509", accent: "#2f2f4a", good: "#052505" },
    text: { default: "#ffffff", accent: "#7f85f5", attention: "#e37d80", good: "#54b054", warning: "#faa06b", dark: "#ffffff", light: "#242424" },
    subtle: "#adadad",
  },
};

function config(theme) {
  const { back, text, subtle } = COLOURS[theme];
  const foregroundColors = Object.fromEntries(
    Object.entries(text).map(([name, colour]) => [
      name,
      { default: colour, subtle: name === "default" ? subtle : colour },
    ]),
  );
  const containerStyles = Object.fromEntries(
    Object.entries(back).map(([name, backgroundColor]) => [name, { backgroundColor, foregroundColors }]),
  );
  return new AdaptiveCards.HostConfig({
    fontTypes: FONTS,
    fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
    fontWeights: { lighter: 200, default: 400, bolder: 600 },
    lineHeights: { small: 16, default: 20, medium: 24, large: 24, extraLarge: 32 },
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 12 },
    separator: { lineThickness: 1, lineColor: theme === "dark" ? "#3d3d3d" : "#e0e0e0" },
    containerStyles,
    supportsInteractivity: true,
    textBlock: { headingLevel: 2 },
    inputs: {
      label: {
        inputSpacing: "small",
        requiredInputs: { weight: "bolder", suffix: " *", suffixColor: "attention" },
        optionalInputs: { weight: "bolder" },
      },
      errorMessage: { color: "attention", weight: "bolder" },
    },
    factSet: { title: { weight: "bolder", wrap: true, maxWidth: 140 }, value: { wrap: true }, spacing: 12 },
    actions: {
      maxActions: 6,
      buttonSpacing: 8,
      actionsOrientation: "vertical",
      actionAlignment: "stretch",
      showCard: { actionMode: "inline", inlineTopMargin: 8 },
    },
  });
}

// Just enough of the Markdown that Teams reads: emphasis, escapes and paragraphs. What it leaves raw would show as raw.
function markdown(text, result) {
  const kept = [];
  const keep = (html) => `\u0001${kept.push(html) - 1}\u0002`;
  const html = text
    .replace(/\\([!-/:-@[-`{-~])/g, (_, escaped) => keep(inHtml(escaped)))
    .replace(/[&<>"]/g, inHtml)
    .replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>")
    .replace(/(^|\W)[*_](.+?)[*_](?=\W|$)/g, "$1<em>$2</em>")
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${paragraph}</p>`)
    .join("");
  result.outputHtml = html.replace(/\u0001(\d+)\u0002/g, (_, number) => kept[number]);
  result.didProcess = true;
}

function inHtml(character) {
  return { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[character] ?? character;
}

// Draws the card in place of the one before; returns what the renderer found wrong with it.
function draw(payload, theme) { // eslint-disable-line no-unused-vars
  document.documentElement.dataset.theme = theme;
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = markdown;
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = config(theme);
  const reading = new AdaptiveCards.SerializationContext();
  card.parse(payload, reading);
  const wrong = [];
  for (let n = 0; n < reading.eventCount; n++) wrong.push(reading.getEventAt(n).message);
  wrong.push(...card.validateProperties().validationEvents.map((event) => event.message));
  document.getElementById("card").replaceChildren(card.render());
  return wrong;
}

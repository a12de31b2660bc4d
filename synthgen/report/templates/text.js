"use strict";
// Puts untrusted text on the page: only ever as text nodes, with what a reader could not see made visible, and Python
// coloured. Nothing here parses HTML.

const SHOWN_CHARS = 20000;
const SHOWN_LINES = 400;
const COLOURED_CHARS = 300000;

const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;

const PYTHON = new RegExp(
  [
    /(?<comment>#[^\n]*)/,
    /(?<string>(?:[rRbBuUfFtT]{1,2})?(?:"""(?:\\[\s\S]|[^\\])*?(?:"""|$)|'''(?:\\[\s\S]|[^\\])*?(?:'''|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?))/,
    /(?<number>0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+\-]?\d[\d_]*)?[jJ]?)/,
    /(?<decorator>@(?<=(?:^|\n)[ \t]*@)[\p{L}_][\p{L}\p{N}_.]*)/,
    /(?<word>[\p{L}_][\p{L}\p{M}\p{N}_]*)/,
  ].map((part) => part.source).join("|"),
  "gu",
);
const KEYWORDS = new Set(
  ("False None True and as assert async await break case class continue def del elif else except finally for from global if " +
    "import in is lambda match nonlocal not or pass raise return try while with yield").split(" "),
);
const BUILTINS = new Set(
  ("abs all any bool bytes callable chr complex dict divmod enumerate filter float format frozenset getattr hasattr hash int " +
    "isinstance issubclass iter len list map max min next object ord pow print range repr reversed round set setattr slice " +
    "sorted str sum super tuple type zip Exception ValueError TypeError KeyError IndexError ZeroDivisionError").split(" "),
);

/** An element with attributes (never event handlers) and children; a string child becomes a text node. */
function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) {
    if (child !== null && child !== undefined) node.append(child);
  }
  return node;
}

function codePoint(character) {
  return "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
}

/** Append text; control, bidirectional, zero-width and lone surrogate characters become labelled marks. */
function appendVisible(parent, text) {
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) parent.append(text.slice(from, found.index));
    parent.append(element("span", { class: "unseen", title: "invisible character " + codePoint(found[0]) }, codePoint(found[0])));
    from = found.index + found[0].length;
  }
  if (from < text.length) parent.append(text.slice(from));
}

function visibleSpan(tag, attributes, text) {
  const node = element(tag, attributes);
  appendVisible(node, text);
  return node;
}

function appendPython(parent, source) {
  let from = 0;
  let previous = "";
  for (const found of source.matchAll(PYTHON)) {
    const text = found[0];
    const kind = tokenKind(found.groups, text, previous);
    if (found.groups.word !== undefined) previous = text;
    if (kind === null) continue;
    if (found.index > from) appendVisible(parent, source.slice(from, found.index));
    parent.append(visibleSpan("span", { class: "py-" + kind }, text));
    from = found.index + text.length;
  }
  if (from < source.length) appendVisible(parent, source.slice(from));
}

function tokenKind(groups, text, previous) {
  if (groups.comment !== undefined) return "comment";
  if (groups.string !== undefined) return "string";
  if (groups.number !== undefined) return "number";
  if (groups.decorator !== undefined) return "decorator";
  if (KEYWORDS.has(text)) return "keyword";
  if (previous === "def" || previous === "class") return "name";
  return BUILTINS.has(text) ? "builtin" : null;
}

/** Where to cut a long text: after SHOWN_LINES lines or SHOWN_CHARS characters, whichever comes first. */
function cutAt(text) {
  let end = -1;
  for (let line = 0; line < SHOWN_LINES; line += 1) {
    end = text.indexOf("\n", end + 1);
    if (end === -1 || end > SHOWN_CHARS) break;
  }
  const cut = end === -1 ? SHOWN_CHARS : Math.min(end, SHOWN_CHARS);
  if (cut >= text.length) return text.length;
  return /[\ud800-\udbff]/.test(text[cut - 1]) ? cut - 1 : cut;
}

/** A block of text in its own box; "code" scrolls, has colours and line numbers. Long texts open on request. */
function textBlock(text, { kind = "plain" } = {}) {
  const python = kind === "code";
  const box = element("div", { class: python ? "block code" : "block prose " + kind });
  const draw = (shown) => {
    const body = element("pre", { class: "source", tabindex: "0", dir: "ltr" });
    const scroll = element("div", { class: "scroll" });
    if (python) {
      const lines = shown.replace(/\n$/, "").split("\n").length;
      scroll.append(element("pre", { class: "gutter", "aria-hidden": "true" }, Array.from({ length: lines }, (_, i) => i + 1).join("\n")));
    }
    if (python && shown.length <= COLOURED_CHARS) appendPython(body, shown);
    else appendVisible(body, shown);
    scroll.append(body);
    box.replaceChildren(scroll);
  };
  const cut = cutAt(text);
  draw(text.slice(0, cut));
  if (cut < text.length) {
    const button = element("button", { type: "button", class: "show-all" }, "Show all " + text.length.toLocaleString("en") + " characters");
    button.addEventListener("click", () => draw(text));
    box.append(button);
  }
  return box;
}

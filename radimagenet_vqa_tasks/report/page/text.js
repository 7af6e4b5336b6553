// Elements are made one by one and filled with text nodes: no text from a file is ever read as mark-up.

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null));
  return made;
}

// Control codes, what Unicode says may be shown as nothing, the blank of braille, lone surrogates: a reader must see them.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u2800\ufff9-\ufffb\p{Default_Ignorable_Code_Point}\p{Cs}]/gu;

function seen(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) nodes.push(text.slice(from, found.index));
    const code = "U+" + found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    nodes.push(el("span", { class: "code", title: "a character that cannot be seen" }, code));
    from = found.index + found[0].length;
  }
  if (from < text.length || !nodes.length) nodes.push(text.slice(from));
  return nodes;
}

// A text of unknown direction that cannot reorder what stands around it.
function isolated(text, className = null) {
  return el("bdi", { dir: "auto", class: className }, seen(text));
}

function plural(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

const OUTCOMES = {
  correct: "\u2713",
  incorrect: "\u2717",
  answered: "\u2022",
  declined: "\u2013",
  unparsed: "?",
  missing: "\u2026",
  unknown: "\u00b7",
};

function sign(outcome, words) {
  const said = words ? { title: words, role: "img", "aria-label": words } : { "aria-hidden": "true" };
  return el("span", { class: `sign ${outcome}`, ...said }, OUTCOMES[outcome]);
}

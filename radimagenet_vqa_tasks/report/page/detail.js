// One question with all that is known of it: images, options, and each run's answer beside the others.

function shown(store, row, select) {
  const { questions } = store;
  const cell = store.cells[questions.cell[row]];
  return [
    el("h3", { id: "asked", tabindex: "-1" }, isolated(store.texts[questions.text[row]])),
    el("div", { class: "case" }, pictures(store, row), el("div", {}, options(store, row), facts(store, row, cell))),
    el("div", { class: "answers" }, [...store.picked].map((arm) => card(store, arm, row))),
    siblings(store, row, select),
  ];
}

function pictures(store, row) {
  const found = store.pictures(row);
  if (!found.length) return el("p", { class: "pictures none" }, store.noImages || "No image of this question is in this file.");
  return el(
    "div",
    { class: "pictures" },
    found.map((src, index) => el("img", { src, alt: `image ${index + 1} of ${found.length} of this question (thumbnail)` })),
  );
}

function options(store, row) {
  const choices = store.choices[store.questions.choices[row]];
  const target = store.words[store.questions.target[row]];
  if (!choices.length) {
    return el("p", { class: "target" }, el("span", { class: "key" }, "Right answer "), isolated(target));
  }
  const picks = store.arms.map((_, arm) => store.answer(arm, row)?.extracted ?? null);
  const items = choices.map((text, index) => {
    const letter = String.fromCharCode(65 + index);
    const right = letter === target;
    const by = [...store.picked].filter((arm) => picks[arm] === letter);
    return el(
      "li",
      { class: right ? "right" : by.length ? "picked" : null },
      el("span", { class: "letter" }, `${letter}.`),
      isolated(store.texts[text]),
      right ? [" ", el("span", { class: "mark" }, "\u2713 right answer")] : null,
      by.map((arm) => [" ", el("span", { class: "pick", title: store.arms[arm].label }, `chosen by ${arm + 1}`)]),
    );
  });
  return el("ol", { class: "options", "aria-label": "options" }, items);
}

function facts(store, row, cell) {
  const facets = Object.entries(store.facets).map(([name, { label }]) => [label, store.facet(name, row)]);
  const pairs = [
    ["cell", `${cell.group}: ${cell.label}`],
    ...facets.filter(([, value]) => value !== null),
    ["key", store.questions.key[row]],
  ];
  return el(
    "dl",
    { class: "facts" },
    pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, isolated(value)))),
  );
}

const SHOWN = {
  textonly: "asked without the image",
  told: "asked without the image, and told so",
  blank: "shown a blank image",
  swapped: "shown another question's image",
};

function card(store, arm, row) {
  const answer = store.answer(arm, row);
  const { label, shown } = store.arms[arm];
  const head = el("h4", {}, el("span", { class: "number" }, String(arm + 1)), " ", isolated(label));
  const seeing = SHOWN[shown] ? el("p", { class: "blind" }, SHOWN[shown]) : null;
  if (!answer) {
    return el("article", { class: "answer none" }, head, seeing, el("p", {}, "This run has no answer to this question."));
  }
  return el(
    "article",
    { class: `answer ${answer.outcome}` },
    head,
    seeing,
    instead(store, answer),
    el("p", { class: "verdict" }, sign(answer.outcome, ""), " ", el("strong", {}, answer.outcome), paper(store, arm, row, answer)),
    response(answer),
    el("dl", { class: "facts" }, reading(store, row, answer).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    folded("The judge's words", answer.reply),
    earlier(store, answer),
    folded("The prompt", answer.prompt),
  );
}

// The picture that was shown in the place of the question's own, and what would be right for it.
function instead(store, answer) {
  if (!answer.shown) return null;
  const found = store.sources(answer.shown.images);
  const images = found.map((src) => el("img", { src, alt: "the picture that was shown instead (thumbnail)" }));
  const { target } = answer.shown;
  const right = target === null ? "no answer of this question is right for it" : ["right for it: ", isolated(target)];
  return el("figure", { class: "instead" }, images, el("figcaption", {}, found.length ? "The picture shown; " : "Of the picture shown: ", right));
}

function paper(store, arm, row, answer) {
  const differs = store.protocolsDiffer(arm, row);
  const words = `${differs ? "\u2260 " : ""}paper's protocol: ${answer.inPaper}`;
  return el("span", { class: differs ? "paper differs" : "paper" }, words);
}

function response(answer) {
  if (answer.response === null) return el("p", { class: "response unknown" }, "The response is unknown: the log does not hold it.");
  if (!answer.response) return el("p", { class: "response unknown" }, "An empty response.");
  const cut = answer.length
    ? el("p", { class: "cut" }, `Cut here: the whole response has ${answer.length.toLocaleString("en")} characters, and is in the log.`)
    : null;
  return el("div", { class: "response", tabindex: "0", role: "group", "aria-label": "response" }, el("div", { dir: "auto" }, seen(answer.response)), cut);
}

function reading(store, row, answer) {
  const found = [];
  const kind = store.cells[store.questions.cell[row]].format;
  if (kind === "open" || answer.judge !== null) {
    found.push(["judged by", answer.judge === null ? "unknown" : isolated(answer.judge)]);
    found.push(["reason", answer.reason === null ? "unknown" : isolated(answer.reason)]);
  }
  if (kind !== "open" || answer.extracted !== null) {
    found.unshift(["read as", answer.extracted === null ? "nothing that can be read" : el("span", {}, pick(store, row, answer.extracted))]);
  }
  return found;
}

// A letter with its option's text.
function pick(store, row, extracted) {
  const index = extracted.length === 1 ? extracted.charCodeAt(0) - 65 : -1;
  const text = store.choices[store.questions.choices[row]][index];
  return text === undefined ? [isolated(extracted)] : [isolated(extracted), ". ", isolated(store.texts[text])];
}

function folded(title, text) {
  if (text === null) return null;
  return el("details", {}, el("summary", {}, title), el("div", { class: "quoted", dir: "auto" }, seen(text)));
}

function earlier(store, answer) {
  if (!answer.earlier.length) return null;
  const items = answer.earlier.map((words) => el("li", {}, isolated(words)));
  return el("details", {}, el("summary", {}, "Earlier verdicts"), el("ol", {}, items));
}

// The other questions about the same image.
function siblings(store, row, select) {
  const rows = store.groups.get(store.questions.cluster[row]);
  if (rows.length < 2) return null;
  const { cell, text } = store.questions;
  const told = new Set(rows.map((other) => cell[other])).size === rows.length; // apart by their cells
  const items = rows.map((other) => {
    const name = told ? store.cells[cell[other]].label : store.texts[text[other]];
    const button = el("button", { type: "button", "aria-current": other === row ? "true" : null },
      isolated(name, "name"),
      signs(store, other));
    button.addEventListener("click", () => select(other));
    return el("li", {}, button);
  });
  return el("nav", { class: "siblings", "aria-labelledby": "of-image" },
    el("h4", { id: "of-image" }, `${plural(rows.length, "question", "questions")} about this image`), el("ul", {}, items));
}

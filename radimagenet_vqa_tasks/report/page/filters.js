// What is looked for, and which questions that leaves.

class Filters {
  constructor(store, form, changed) {
    this.store = store;
    this.form = form;
    this.search = form.elements.search;
    this.names = ["cell", ...Object.keys(store.facets), "outcome", "run", "differ"];
    this.options = { cell: cellOptions, outcome: outcomeOptions, run: runOptions, differ: differOptions };
    for (const name of this.names) this.fill(name);
    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(changed));
  }

  fill(name) {
    const label = this.store.facets[name]?.label ?? { cell: "cell", outcome: "outcome", run: "of run", differ: "disagreement" }[name];
    const options = (this.options[name] ?? facetOptions)(this.store, name);
    const select = el("select", { name, id: `filter-${name}` }, el("option", { value: "" }, "any"), options);
    this.form.querySelector(".choices").append(el("label", { for: `filter-${name}` }, el("span", {}, label), select));
  }

  values() {
    const chosen = this.names.map((name) => [name, this.form.elements[name].value]).filter(([, value]) => value);
    return this.search.value.trim() ? [["search", this.search.value.trim()], ...chosen] : chosen;
  }

  set(values) {
    this.search.value = values.get("search") ?? "";
    for (const name of this.names) {
      const select = this.form.elements[name];
      select.value = values.get(name) ?? "";
      if (select.selectedIndex < 0) select.value = "";
    }
  }

  // The rows of the questions that pass, in order.
  rows() {
    const { store } = this;
    const tests = this.values().map(([name, value]) => (TESTS[name] ?? facetTest)(store, value, name, this.form));
    const found = [];
    for (let row = 0; row < store.count; row++) {
      if (tests.every((test) => test(row))) found.push(row);
    }
    return found;
  }
}

const TESTS = {
  cell: (store, value) => (row) => store.cells[store.questions.cell[row]].name === value,
  search: searchTest,
  outcome: (store, value, name, form) => {
    const arms = chosenRuns(store, form);
    const code = store.outcomes.indexOf(value);
    return (row) => arms.some((arm) => store.answers[arm].outcome[row] === code);
  },
  run: (store, value) => (row) => store.answers[Number(value) - 1].outcome[row] >= 0,
  differ: (store, value, name, form) => {
    const arms = chosenRuns(store, form);
    if (value === "protocols") return (row) => arms.some((arm) => store.protocolsDiffer(arm, row));
    if (value === "runs") {
      return (row) => {
        const known = store.arms.map((_, arm) => store.right(arm, row));
        return known.includes(0) && known.includes(1);
      };
    }
    const [better, worse] = value.split(">").map((number) => Number(number) - 1);
    return (row) => store.right(better, row) === 1 && store.right(worse, row) === 0;
  },
};

function facetTest(store, value, name) {
  const code = store.facets[name].values.indexOf(value);
  return (row) => store.facets[name].of[row] === code;
}

// Every word must be in the question, its options or a response; words in quotation marks belong together.
function searchTest(store, value, name, form) {
  const terms = [...value.toLowerCase().matchAll(/"([^"]+)"?|\S+/g)].map((found) => found[1] ?? found[0]);
  const arms = chosenRuns(store, form);
  const tests = terms.map((term) => {
    const holds = store.holding(term);
    const choices = store.choices.map((texts) => texts.some((text) => holds[text]));
    return (row) =>
      holds[store.questions.text[row]] === 1 ||
      choices[store.questions.choices[row]] ||
      arms.some((arm) => holds[store.answers[arm].response[row]] === 1);
  });
  return (row) => tests.every((test) => test(row));
}

function chosenRuns(store, form) {
  const run = form.elements.run.value;
  return run ? [Number(run) - 1] : store.arms.map((_, arm) => arm);
}

function option(value, text) {
  return el("option", { value }, text);
}

function cellOptions(store) {
  const groups = new Map();
  for (const cell of store.cells) {
    if (!groups.has(cell.group)) groups.set(cell.group, []);
    groups.get(cell.group).push(cell);
  }
  const name = (cell) => (groups.size > 1 ? `${cell.group}: ${cell.label}` : cell.label);
  return [...groups].map(([label, cells]) => {
    return el("optgroup", { label }, cells.map((cell) => option(cell.name, name(cell))));
  });
}

function facetOptions(store, name) {
  const { values, of } = store.facets[name];
  const counts = new Array(values.length).fill(0);
  for (const code of of) if (code >= 0) counts[code] += 1;
  return values.map((value, code) => option(value, `${value} (${counts[code].toLocaleString("en")})`));
}

function outcomeOptions(store) {
  return store.outcomes.map((outcome) => option(outcome, `${OUTCOMES[outcome]} ${outcome}`));
}

function runOptions(store) {
  return store.arms.map((arm, index) => option(String(index + 1), `${index + 1} ${arm.label}`));
}

const PAIRED = 6; // runs; of more there would be too many pairs to choose from

function differOptions(store) {
  const found = [option("protocols", "between the two protocols")];
  if (store.arms.length < 2) return found;
  found.push(option("runs", "between runs: some right, some not"));
  if (store.arms.length > PAIRED) return found;
  const pairs = store.arms.flatMap((_, one) => store.arms.map((_, other) => [one + 1, other + 1]));
  const options = pairs
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => option(`${one}>${other}`, `run ${one} right, run ${other} not`));
  return [...found, el("optgroup", { label: "one run right, another not" }, options)];
}

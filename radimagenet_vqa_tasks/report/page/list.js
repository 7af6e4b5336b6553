// The list of questions: only the rows in sight exist, so that nine thousand scroll like nine.

const BEYOND = 6; // rows kept above and below those in sight

class List {
  constructor(store, box, chosen) {
    this.store = store;
    this.box = box;
    this.inner = box.firstElementChild;
    this.rows = [];
    this.at = -1; // the position of the selected row in `rows`
    this.chosen = chosen;
    box.addEventListener("scroll", () => this.draw());
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-at]");
      if (row) this.select(Number(row.dataset.at), true);
    });
    new ResizeObserver(() => this.draw(true)).observe(box);
  }

  // Show these rows, with `row` selected if it is one of them.
  show(rows, row) {
    this.rows = rows;
    this.at = rows.indexOf(row);
    this.measured = undefined;
    if (this.at < 0) this.box.scrollTop = 0;
    this.draw(true);
    this.reveal();
  }

  select(at, byHand) {
    if (at < 0 || at >= this.rows.length) return;
    this.at = at;
    this.reveal();
    this.draw(true);
    this.chosen(this.rows[at], byHand);
  }

  reveal() {
    if (this.at < 0 || !this.height) return;
    const top = this.at * this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const bottom = top + this.height - this.box.clientHeight;
    if (bottom > this.box.scrollTop) this.box.scrollTop = bottom;
  }

  draw(anew = false) {
    if (!this.box.clientHeight) return;
    if (!this.height && this.rows.length) {
      this.inner.replaceChildren(this.made(0));
      this.height = this.inner.firstElementChild.offsetHeight;
      this.reveal();
    }
    const height = this.height || 1;
    const first = Math.max(0, Math.floor(this.box.scrollTop / height) - BEYOND);
    const last = Math.min(this.rows.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / height) + BEYOND);
    if (!anew && this.first === first && this.last === last) return;
    [this.first, this.last] = [first, last];
    this.inner.style.height = `${this.rows.length * height}px`;
    const made = [];
    for (let at = first; at < last; at++) made.push(this.made(at));
    this.inner.replaceChildren(...made);
    const active = this.at >= first && this.at < last;
    active ? this.box.setAttribute("aria-activedescendant", `row-${this.at}`) : this.box.removeAttribute("aria-activedescendant");
  }

  made(at) {
    const { store } = this;
    const row = this.rows[at];
    const text = store.texts[store.questions.text[row]];
    const [picture] = store.pictures(row);
    const made = el(
      "div",
      {
        id: `row-${at}`,
        class: "row",
        role: "option",
        "aria-selected": String(at === this.at),
        "aria-setsize": this.rows.length,
        "aria-posinset": at + 1,
        "data-at": at,
      },
      store.withImages ? (picture ? el("img", { src: picture, alt: "", decoding: "async" }) : el("span", { class: "blank" })) : null,
      el("span", { class: "what" }, isolated(text, "asked"), el("span", { class: "about" }, seen(about(store, row)))),
      signs(store, row),
    );
    made.style.top = `${at * (this.height || 0)}px`;
    return made;
  }
}

const SIGNS = 6; // runs; of more they are counted

// A sign for each run, or how many of them are right.
function signs(store, row) {
  const arms = [...store.picked];
  if (arms.length <= SIGNS) {
    return el("span", { class: "signs" }, arms.map((arm) => outcomeSign(store, arm, row)));
  }
  const known = arms.map((arm) => store.right(arm, row)).filter((right) => right >= 0);
  return el("span", { class: "about" }, `${known.filter(Boolean).length} of ${known.length} right`);
}

function outcomeSign(store, arm, row) {
  const answer = store.outcomes[store.answers[arm].outcome[row]] ?? "unknown";
  const differs = store.protocolsDiffer(arm, row);
  const words = answer === "unknown" ? "no answer" : answer;
  const found = sign(answer, `run ${arm + 1}: ${words}${differs ? ", counted otherwise by the paper's protocol" : ""}`);
  if (differs) found.classList.add("differs");
  return found;
}

function about(store, row) {
  const facets = Object.keys(store.facets).map((name) => store.facet(name, row));
  return [store.cells[store.questions.cell[row]].label, ...facets.filter(Boolean)].join(" \u00b7 ");
}

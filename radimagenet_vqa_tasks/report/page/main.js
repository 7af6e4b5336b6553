// The browser of questions: filters, list and detail together, the address, the keyboard.

const browser = document.getElementById("browser");
const status = document.getElementById("found");
const help = document.getElementById("help");

unpacked("data").then(start, (error) => {
  status.textContent = `${error.message} The tables and figures above are complete.`;
  browser.classList.add("failed");
});

function start(store) {
  const form = document.getElementById("filters");
  const detail = document.getElementById("detail");
  const tally = document.getElementById("tally");
  const back = document.getElementById("back"); // there is one on a phone only
  let current = -1;

  const filters = new Filters(store, form, () => {
    refresh();
    remember();
  });
  const list = new List(store, document.getElementById("list"), (row, byHand) => open(row, byHand));

  function refresh() {
    const rows = filters.rows();
    list.show(rows, current);
    const absent = store.leftOut ? ` (${store.leftOut.toLocaleString("en")} more did not fit into this file)` : "";
    status.textContent = `${rows.length.toLocaleString("en")} of ${plural(store.count, "question", "questions")}${absent}`;
    tally.replaceChildren(...store.arms.map((arm, index) => tallied(store, arm, index, rows, pick)));
    form.classList.toggle("active", filters.values().length > 0);
  }

  // Have a run's answers in sight, or not.
  function pick(arm, chosen) {
    chosen ? store.picked.add(arm) : store.picked.delete(arm);
    store.picked = new Set([...store.picked].sort((one, other) => one - other));
    list.draw(true);
    if (current >= 0) detail.replaceChildren(...shown(store, current, jump).filter((node) => node !== null));
    remember();
  }

  // Show a question. By hand: a person asked for it, and on a phone it takes the list's place.
  function open(row, byHand) {
    current = row;
    detail.replaceChildren(...shown(store, row, jump).filter((node) => node !== null));
    detail.scrollTop = 0;
    if (byHand) browser.classList.add("reading");
    if (byHand && back.offsetParent) browser.scrollIntoView();
    remember();
  }

  // Go to a question, and drop the filters if they hide it.
  function jump(row) {
    if (!list.rows.includes(row)) {
      filters.set(new Map());
      current = row;
      refresh();
    }
    list.select(list.rows.indexOf(row), true);
    document.getElementById("asked").focus({ preventScroll: true });
  }

  function remember() {
    if (!browser.classList.contains("ready")) return; // nobody has chosen anything yet
    const values = new URLSearchParams(filters.values());
    if (current >= 0) values.set("q", store.questions.link[current]);
    if (store.picked.size < Math.min(store.arms.length, PICKED) || [...store.picked].some((arm) => arm >= PICKED)) {
      values.set("runs", [...store.picked].map((arm) => arm + 1).join(" "));
    }
    const hash = `#${values}`;
    if (location.hash !== hash) history.replaceState(null, "", hash === "#" ? "#questions" : hash);
  }

  // The address names a question and filters; another fragment is a place on the page.
  function follow() {
    if (!location.hash.includes("=")) return false;
    const values = new URLSearchParams(location.hash.slice(1));
    filters.set(values);
    const runs = (values.get("runs") ?? "").split(" ").map((number) => Number(number) - 1);
    if (values.has("runs")) store.picked = new Set(runs.filter((arm) => arm in store.arms));
    const row = store.byLink.get(values.get("q"));
    current = row ?? -1;
    refresh();
    if (row !== undefined) open(row, true);
    if (values.get("q") && row === undefined) {
      detail.replaceChildren(el("p", { class: "hint" }, "There is no question ", isolated(values.get("q")), " in this report."));
    }
    document.getElementById("questions").scrollIntoView();
    return true;
  }

  back.addEventListener("click", () => browser.classList.remove("reading"));
  document.getElementById("filters-toggle").addEventListener("click", (event) => {
    const open = form.classList.toggle("open");
    event.currentTarget.setAttribute("aria-expanded", String(open));
  });
  window.addEventListener("hashchange", follow);
  keyboard(list, filters, browser);
  if (!follow()) {
    refresh();
    list.select(0, false);
  }
  browser.classList.add("ready");
  setTimeout(() => store.lowered, 300); // before anybody searches
}

// A run: whether its answers are in sight, and how many of these questions it has right.
function tallied(store, arm, index, rows, pick) {
  let right = 0;
  let known = 0;
  let asked = 0;
  for (const row of rows) {
    const found = store.right(index, row);
    right += found === 1;
    known += found >= 0;
    asked += store.answers[index].outcome[row] >= 0;
  }
  const rest = asked - known ? `, ${asked - known} missing` : "";
  const box = el("input", { type: "checkbox", checked: store.picked.has(index) });
  box.addEventListener("input", (event) => {
    event.stopPropagation();
    pick(index, box.checked);
  });
  return el("li", {}, el("label", {}, box, " ", el("span", { class: "number" }, String(index + 1)), " ", isolated(arm.label, "name"), " ",
    el("span", { class: "count" }, asked ? `${right.toLocaleString("en")} of ${known.toLocaleString("en")} right${rest}` : "no answers")));
}

function keyboard(list, filters, browser) {
  const enabled = document.getElementById("keys-on");
  const actions = {
    j: () => list.select(list.at + 1, true),
    k: () => list.select(list.at < 0 ? 0 : list.at - 1, true),
    "/": () => filters.search.focus(),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") return escape(typing ? event.target : null, filters, browser);
    const inList = event.target === list.box;
    const arrow = inList && { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    const end = inList && { Home: 0, End: list.rows.length - 1 }[event.key];
    if (arrow) {
      event.preventDefault();
      list.select(Math.max(0, Math.min(list.rows.length - 1, list.at + arrow)), false);
    } else if (end !== undefined && end !== false) {
      event.preventDefault();
      list.select(end, false);
    } else if (inList && event.key === "Enter") {
      list.select(list.at, true);
    } else if (!typing && enabled.checked && actions[event.key]) {
      event.preventDefault();
      actions[event.key]();
    }
  });
  document.getElementById("help-open").addEventListener("click", () => help.showModal());
}

// Step back: out of the search, out of a question on a phone.
function escape(field, filters, browser) {
  if (field === filters.search && field.value) {
    field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (field) {
    field.blur();
  } else {
    browser.classList.remove("reading");
  }
}

// On paper nothing can be unfolded.
let unfolded = [];
window.addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("#tables details:not([open])")];
  for (const one of unfolded) one.open = true;
});
window.addEventListener("afterprint", () => {
  for (const one of unfolded) one.open = false;
});

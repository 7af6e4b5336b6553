// The questions and answers, as columns: one entry a question in each. Texts are numbers into two tables.

async function unpacked(id) {
  if (!("DecompressionStream" in window)) {
    throw new Error("This browser cannot unpack the questions: it needs Chrome 80, Firefox 113, Safari 16.4 or later.");
  }
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Store(await new Response(stream).json());
}

const PICKED = 6; // runs that are in sight before anybody chooses

class Store {
  constructor(data) {
    Object.assign(this, data);
    this.count = this.questions.key.length;
    this.byLink = new Map(this.questions.link.map((link, row) => [link, row]));
    this.groups = new Map();
    this.questions.cluster.forEach((cluster, row) => {
      if (!this.groups.has(cluster)) this.groups.set(cluster, []);
      this.groups.get(cluster).push(row);
    });
    this.blocks = new Map();
    this.held = new Map();
    this.picked = new Set(this.arms.keys()); // the runs whose answers are in sight
    if (this.picked.size > PICKED) this.picked = new Set([...this.picked].slice(0, PICKED));
  }

  // The answer of one run to one question; null where the run has none.
  answer(arm, row) {
    const answers = this.answers[arm];
    const code = answers.outcome[row];
    if (code < 0) return null;
    const text = (table, column) => (answers[column][row] < 0 ? null : this[table][answers[column][row]]);
    return {
      outcome: this.outcomes[code],
      inPaper: { 1: "right", 0: "wrong" }[answers.paper[row]] || "no number",
      response: text("texts", "response"),
      extracted: text("words", "extracted"),
      prompt: text("words", "prompt"),
      judge: text("words", "judge"),
      reason: text("words", "reason"),
      reply: text("words", "reply"),
      earlier: answers.earlier[row] || [],
      length: answers.length[row] || 0,
      shown: answers.shown[row] ?? null,
    };
  }

  // Whether the two protocols count an answer differently. Without a verdict there is nothing to differ from.
  protocolsDiffer(arm, row) {
    const outcome = this.outcomes[this.answers[arm].outcome[row]];
    if (outcome === undefined || outcome === "missing") return false;
    const inPaper = this.answers[arm].paper[row];
    return inPaper >= 0 && (outcome === "correct") !== (inPaper === 1);
  }

  // 1 where a run is right, 0 where it is not, -1 where that is not known.
  right(arm, row) {
    const outcome = this.outcomes[this.answers[arm].outcome[row]];
    return outcome === undefined || outcome === "missing" ? -1 : outcome === "correct" ? 1 : 0;
  }

  facet(name, row) {
    const { values, of } = this.facets[name];
    return of[row] < 0 ? null : values[of[row]];
  }

  // The pictures of a question as data: addresses. A block of them is parsed when one is first looked at.
  pictures(row) {
    return this.sources(this.questions.images[row] || []);
  }

  sources(numbers) {
    return numbers.flatMap((index) => {
      const block = Math.floor(index / this.perBlock);
      if (!this.blocks.has(block)) {
        this.blocks.set(block, JSON.parse(document.getElementById(`images-${block}`)?.textContent ?? "[]"));
      }
      const image = this.blocks.get(block)[index % this.perBlock]; // what did not fit into the file is not there
      return image ? [`data:image/jpeg;base64,${image}`] : [];
    });
  }

  get lowered() {
    this.lower ??= this.texts.map((text) => text.toLowerCase());
    return this.lower;
  }

  // For each text whether it holds a term. A reader types letter by letter: what holds "les" holds "le".
  holding(term) {
    const known = [...this.held.keys()].filter((held) => term.includes(held)).pop();
    const narrowed = known === undefined ? null : this.held.get(known);
    const holds = narrowed
      ? narrowed.map((held, text) => held && this.lowered[text].includes(term))
      : Uint8Array.from(this.lowered, (text) => text.includes(term));
    if (this.held.size > 30) this.held.clear();
    return this.held.set(term, holds).get(term);
  }
}

// What narrows and orders the list: filters whose counts follow each other, a search in what people and models wrote,
// and sort keys.

const CHANGES = { lost: "lost: right before, wrong now", gained: "gained: wrong before, right now", wrong: "wrong in both", right: "right in both" };
const GLYPHS = { right: "✓", miss: "M", "false flag": "F", "needless escalation": "↑", "missed escalation": "↓" };
const VERDICTS = ["approve", "reject", "escalate"];
const SEVERITIES = ["critical", "high", "medium", "low"];

/** What became of a case from the baseline to another model. */
function change(entry, place) {
  const [before, after] = [entry.outcomes[0], entry.outcomes[place]];
  if (before === null || after === null) return null;
  if (before === "right") return after === "right" ? "right" : "lost";
  return after === "right" ? "gained" : "wrong";
}

/** Every filter: its name in the address, its label, and the values that a case has in it, most telling first. */
function facets(page) {
  const last = page.models.length - 1;
  const made = [];
  const each = (name, label, of, more = {}) => page.models.forEach((model, i) => made.push(
    { name: `${name}${i}`, label: last ? `${label}: ${model}` : label, of: (c) => of(c, i), ...more }));
  if (page.splits.length > 1) made.push({ name: "split", label: "split", of: (c) => [c.split] });
  page.models.slice(1).forEach((model, i) => {
    const label = last > 1 ? `${page.models[0]} → ${model}` : "flip";
    made.push({ name: `change${i + 1}`, label, of: (c) => [change(c, i + 1)], order: Object.keys(CHANGES), titles: CHANGES });
  });
  each("outcome", "outcome", (c, i) => [c.outcomes[i]], { order: Object.keys(GLYPHS) });
  made.push({ name: "rule", label: "rule", of: (c) => c.rules });
  each("missed", "rule missed", (c, i) => c.missed[i]);
  each("false", "rule falsely cited", (c, i) => c.false[i]);
  made.push({ name: "severity", label: "severity", of: (c) => [c.severity], order: SEVERITIES });
  made.push({ name: "gold", label: "gold verdict", of: (c) => [c.gold], order: VERDICTS });
  each("verdict", "verdict", (c, i) => [c.verdicts[i]], { order: [...VERDICTS, "unparsed", "refused"] });
  each("category", "gold’s category → cited", (c, i) => c.categories?.[i] ?? []);
  each("follows", "findings and answer", (c, i) => [c.follows[i] === null ? null : c.follows[i] ? "agree" : "disagree"], { order: ["disagree", "agree"] });
  if (page.cases.some((c) => c.suspect)) made.push({ name: "suspect", label: "trust in gold", of: (c) => [c.suspect ? "gold may be wrong" : null] });
  return made;
}

/** Orders of the list: a name in the address, a label, and what grows down the list; cases without it stand last. */
function orders(page) {
  const last = page.models.length - 1;
  const made = [];
  const each = (name, label, of) => page.models.forEach((model, i) => made.push(
    { name: `${name}${i}`, label: last ? `${label}: ${model}` : label, of: (c) => of(c, i) }));
  const down = (value) => (value === null || value === undefined ? null : -value);
  made.push({ name: "disagreement", label: "most disagreement", of: (c) => -c.disagreement });
  made.push({ name: "severity", label: "gravest first", of: (c) => (c.severity === null ? null : SEVERITIES.indexOf(c.severity)) });
  each("unsure", "least confident", (c, i) => c.confidence[i]);
  each("sure", "most confident", (c, i) => down(c.confidence[i]));
  each("unlikely", "least probable verdict", (c, i) => c.logprob[i]);
  each("long", "longest answer", (c, i) => down(c.tokens[i]));
  made.push({ name: "longest", label: "longest case", of: (c) => -c.length });
  made.push({ name: "shortest", label: "shortest case", of: (c) => c.length });
  return made.filter(({ of }) => new Set(page.cases.map(of)).size > 1);
}

/** Cases in an order; those that are alike in it stay as they are. */
function sorted(cases, order) {
  if (!order) return cases;
  const value = new Map(cases.map((c) => [c, order.of(c) ?? Infinity]));
  return [...cases].sort((a, b) => {
    const [one, other] = [value.get(a), value.get(b)];
    return one < other ? -1 : one > other ? 1 : 0;
  });
}

/** Numbers the values of every filter, once: `values`, and for each case the numbers of those that it has. */
function number(cases, filters) {
  for (const facet of filters) {
    const numbers = new Map();
    const alone = []; // most cases have one value of a filter: they share its list
    facet.codes = cases.map((entry) => {
      const found = facet.of(entry).filter((value) => value !== null).map((value) => {
        if (!numbers.has(value)) numbers.set(value, numbers.size);
        return numbers.get(value);
      });
      return found.length === 1 ? (alone[found[0]] ??= found) : found;
    });
    facet.values = [...numbers.keys()];
  }
}

/**
 * The cases that all filters and the search let through, and how many there would be with each value of each filter:
 * a filter's own counts are of what the others let through. `wanted` is the number of each filter's value, or -1.
 */
function sieve(cases, filters, wanted, words) {
  const selected = [];
  const counts = filters.map((facet) => new Int32Array(facet.values.length));
  const open = filters.map((_, i) => i).filter((i) => wanted[i] >= 0);
  cases.forEach((entry, at) => {
    if (words && !entry.written.includes(words)) return;
    let fails = -1;
    for (const i of open) {
      if (filters[i].codes[at].includes(wanted[i])) continue;
      if (fails >= 0) return;
      fails = i;
    }
    if (fails >= 0) {
      for (const code of filters[fails].codes[at]) counts[fails][code] += 1;
      return;
    }
    selected.push(entry);
    for (let i = 0; i < filters.length; i += 1) for (const code of filters[i].codes[at]) counts[i][code] += 1;
  });
  return { selected, counts };
}

/** What a search looks in: the case's texts, and what gold and models say, in lower case; no names of keys. */
function written(entry, record) {
  const cited = (violations) => (violations ?? []).flatMap((v) => [v.rule, ...(v.evidence ?? []).map((e) => e.quote ?? "")]);
  const edited = (edits) => (edits ?? []).flatMap((edit) => [edit.old ?? edit.element, edit.new, edit.why]);
  const said = (ruling) => [ruling.reasoning, ruling.advice, ruling.intent, ...cited(ruling.violations), ...edited(ruling.edits)];
  return [
    entry.id,
    ...Object.values(record.case.text ?? {}),
    (record.case.transcript ?? []).map((line) => line.text).join("\n"),
    (record.case.page?.sections ?? []).map(wholeSection).join("\n"),
    ...(record.gold ? said(record.gold) : []),
    ...record.answers.flat().flatMap((a) => (a.ruling ? said(a.ruling) : [a.failure, a.completion])),
  ].filter(Boolean).join("\n\n").toLowerCase();
}

// The case browser: a list with filters, the chosen case beside it, keys, links, and the export of a selection.
// The address names the case and the filters (#case=…&outcome1=miss), so that what one sees can be sent to others.

const ROW = 58; // pixels: the height of a row in the style sheet
const CHANGES = { lost: "lost: right before, wrong now", gained: "gained: wrong before, right now", wrong: "wrong in both", right: "right in both" };
const GLYPHS = { right: "✓", miss: "M", "false flag": "F", "needless escalation": "↑", "missed escalation": "↓" };
const $ = (selector) => document.querySelector(selector);

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
  if (page.splits.length > 1) made.push({ name: "split", label: "split", of: (c) => [c.split] });
  page.models.slice(1).forEach((model, i) => {
    const label = last > 1 ? `${page.models[0]} → ${model}` : "flip";
    made.push({ name: `change${i + 1}`, label, of: (c) => [change(c, i + 1)], order: Object.keys(CHANGES), titles: CHANGES });
  });
  page.models.forEach((model, i) => made.push(
    { name: `outcome${i}`, label: last ? `outcome of ${model}` : "outcome", of: (c) => [c.outcomes[i]], order: Object.keys(GLYPHS) }));
  made.push({ name: "rule", label: "rule", of: (c) => c.rules });
  made.push({ name: "severity", label: "severity", of: (c) => [c.severity], order: ["critical", "high", "medium", "low"] });
  made.push({ name: "gold", label: "gold verdict", of: (c) => [c.gold], order: ["approve", "reject", "escalate"] });
  if (page.cases.some((c) => c.suspect)) made.push({ name: "suspect", label: "trust in gold", of: (c) => [c.suspect ? "gold may be wrong" : null] });
  return made;
}

function counted(cases, facet) {
  const counts = new Map();
  for (const entry of cases) for (const value of facet.of(entry)) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const rank = (value) => facet.order?.indexOf(value) ?? -counts.get(value);
  return [...counts].sort((a, b) => rank(a[0]) - rank(b[0]));
}

async function start() {
  const page = await block("index");
  const drawn = drawer(page);
  const { visible } = drawn;
  const all = page.cases;
  const filters = facets(page);
  const list = $("#list");
  const sizer = list.firstElementChild;
  const search = $("#search");
  let selected = all; // what filters and search let through
  let chosen = null; // the case shown
  let reading = null; // under way, or done, once one has searched
  let turn = 0; // of what is asked for last; an earlier answer that comes late is dropped

  for (const facet of filters) {
    const values = counted(all, facet);
    facet.select = el("select", "", el("option", "", `any ${visible(facet.label)}`));
    facet.select.setAttribute("aria-label", visible(facet.label));
    facet.select.name = facet.name;
    facet.select.firstChild.value = "";
    for (const [value, count] of values) {
      const option = el("option", "", `${visible(facet.titles?.[value] ?? value)} (${count.toLocaleString("en")})`);
      option.value = value;
      facet.select.append(option);
    }
    facet.select.addEventListener("change", () => filter());
    if (values.length > 1 || (values[0]?.[1] ?? all.length) < all.length) $("#filters").append(facet.select);
  }

  const blockOf = (at) => block(`cases-${Math.floor(at / page.cases_per_block)}`);

  async function record(at) {
    const { rules, records } = await blockOf(at);
    const found = records[at % page.cases_per_block];
    return { ...found, case: JSON.parse(found.line), excerpt: found.rules.map((number) => rules[number]) };
  }

  /** Makes everything that is written in the cases searchable, in lower case; once, when one first searches. */
  async function read() {
    for (let start = 0; start < all.length; start += page.cases_per_block) {
      const { records } = await blockOf(start);
      records.forEach((found, i) => {
        all[start + i].written ??= `${found.line}\n${JSON.stringify(found.answers)}`.toLowerCase();
      });
    }
  }

  async function filter(keep = chosen) {
    const mine = ++turn;
    const wanted = filters.filter((facet) => facet.select.value);
    let found = all.filter((entry) => wanted.every((facet) => facet.of(entry).includes(facet.select.value)));
    const words = search.value.toLowerCase().trim();
    if (words) {
      if (!reading) $("#count").textContent = "searching the";
      await (reading ??= read());
      found = found.filter((entry) => entry.written.includes(words));
    }
    if (mine !== turn) return;
    selected = found;
    $("#count").textContent = `${found.length.toLocaleString("en")} of ${all.length.toLocaleString("en")}`;
    for (const button of document.querySelectorAll("#exports button")) button.disabled = !found.length;
    sizer.style.height = `${found.length * ROW}px`;
    list.scrollTop = 0;
    await show(found.includes(keep) ? keep : found[0] ?? null);
  }

  /** The rows that can be seen, and no others. */
  function rows() {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
    const last = Math.min(selected.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 5);
    sizer.replaceChildren(...selected.slice(first, last).map((entry, i) => {
      const glyphs = entry.outcomes.map((outcome, place) => {
        const glyph = el("span", `glyph ${(outcome ?? "none").replaceAll(" ", "-")}`, outcome ? GLYPHS[outcome] : "·");
        glyph.title = visible(`${page.models[place]}: ${entry.verdicts[place]}${outcome ? `, ${outcome}` : ""}`);
        return glyph;
      });
      const row = el("div", "row", el("div", "row-text", el("bdi", "row-id", visible(entry.id)), el("bdi", "row-snippet", visible(entry.text))),
        el("div", "glyphs", glyphs));
      row.id = `row-${entry.at}`;
      row.style.top = `${(first + i) * ROW}px`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", entry === chosen);
      row.setAttribute("aria-posinset", first + i + 1);
      row.setAttribute("aria-setsize", selected.length);
      row.addEventListener("click", () => show(entry, true));
      return row;
    }));
  }

  async function show(entry, jump = false) {
    chosen = entry;
    const at = selected.indexOf(entry);
    if (at >= 0) {
      if (at * ROW < list.scrollTop) list.scrollTop = at * ROW;
      if ((at + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (at + 1) * ROW - list.clientHeight;
      list.setAttribute("aria-activedescendant", `row-${entry.at}`);
    }
    rows();
    remember();
    const shown = $("#case");
    if (!entry) return shown.replaceChildren(el("p", "trouble", "No case is like that."));
    const found = await record(entry.at);
    if (chosen !== entry) return;
    const chips = page.models.length > 1
      ? page.models.slice(1).map((_, i) => change(entry, i + 1)).filter((c) => c === "lost" || c === "gained")
      : [];
    const head = el("header", "", el("h3", "", el("bdi", "", visible(entry.id))),
      page.splits.length > 1 ? el("span", "chip", visible(entry.split)) : "",
      [...new Set(chips)].map((c) => el("span", `chip ${c}`, c)),
      entry.suspect ? el("span", "chip", "gold may be wrong") : "",
      el("span", "place", `${(at + 1).toLocaleString("en")} / ${selected.length.toLocaleString("en")}`));
    shown.replaceChildren(head, ...drawn.draw(entry, found));
    for (const text of shown.querySelectorAll(".content")) {
      const mark = text.querySelector("mark"); // in a long text, scroll to the first quote
      if (mark && mark.offsetTop + mark.offsetHeight > text.offsetTop + text.clientHeight) text.scrollTop = mark.offsetTop - text.offsetTop - 40;
    }
    if (jump && innerWidth <= 720) shown.scrollIntoView({ block: "start" });
  }

  let asked = false; // whether the reader has chosen anything, so that there is something worth an address
  function remember() {
    if (!asked) return;
    const address = new URLSearchParams();
    if (chosen) address.set("case", chosen.id);
    if (chosen && all.some((c) => c.id === chosen.id && c !== chosen)) address.set("in", chosen.split);
    for (const { name, select } of filters) if (select.value) address.set(name, select.value);
    if (search.value) address.set("search", search.value);
    history.replaceState(null, "", `#${address}`);
  }

  /** Does what the address says. */
  async function obey() {
    const address = new URLSearchParams(location.hash.slice(1));
    const known = ["case", "search", ...filters.map((facet) => facet.name)].some((name) => address.has(name));
    for (const { name, select } of filters) select.value = known ? address.get(name) ?? "" : select.value;
    for (const { select } of filters) if (select.selectedIndex < 0) select.value = ""; // a value that no case has
    if (known) search.value = address.get("search") ?? "";
    const wanted = all.find((c) => c.id === address.get("case") && c.split === (address.get("in") ?? c.split));
    await filter(wanted ?? chosen);
    if (wanted && chosen !== wanted) {
      for (const { select } of filters) select.value = "";
      search.value = "";
      await filter(wanted);
    }
    if (known) $("#cases").scrollIntoView();
  }

  async function save(name, line) {
    const lines = await Promise.all(selected.map(async (entry) => line(entry, await record(entry.at))));
    const link = el("a");
    link.href = URL.createObjectURL(new Blob(lines.map((text) => `${text}\n`), { type: "application/jsonl" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  const move = (by) => {
    const at = selected.indexOf(chosen) + by;
    if (at >= 0 && at < selected.length) show(selected[at]);
  };
  const unfold = () => {
    const parts = [...document.querySelectorAll("#case .answer details")];
    const open = !parts.every((part) => part.open);
    for (const part of parts) part.open = open;
  };
  const keys = {
    j: () => move(1), k: () => move(-1), "/": () => search.focus(), e: unfold, "?": () => $("#help").showModal(),
  };
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("#help").open) return;
    if (event.target === search && event.key === "Escape") return search.blur();
    if (event.target.closest?.("input, select, textarea")) return;
    if (event.target === list && steps[event.key]) {
      event.preventDefault();
      asked = true;
      return move(steps[event.key]);
    }
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    asked = true;
    if (event.key !== "?" && $("#cases").getBoundingClientRect().top > innerHeight / 2) $("#cases").scrollIntoView();
    keys[event.key]();
  });
  let pause;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(filter, 150);
  });
  list.addEventListener("scroll", () => requestAnimationFrame(rows));
  for (const kind of ["change", "input", "click"]) $("#cases").addEventListener(kind, () => { asked = true; }, true);
  addEventListener("resize", rows);
  addEventListener("hashchange", obey);
  $("#previous").addEventListener("click", () => move(-1));
  $("#next").addEventListener("click", () => move(1));
  $("#keys").addEventListener("click", keys["?"]);
  $("#export-cases").addEventListener("click", () => save("cases.jsonl", (_, found) => found.line));
  $("#export-rulings").addEventListener("click", () => save("rulings.jsonl", (entry, found) => JSON.stringify({
    id: entry.id, split: entry.split, gold: found.gold, rulings: page.models.map((model, i) => ({ model, outcome: entry.outcomes[i], ...found.answers[i] })),
  })));

  all.forEach((entry, at) => { entry.at = at; });
  await obey();
}

start().then(
  () => document.documentElement.classList.add("ready"),
  (error) => {
    $("#case").textContent = "The cases cannot be shown: this needs a browser of 2023 or later.";
    throw error;
  },
);

// The case browser: a list with filters, the chosen case beside it, keys, links, and the export of a selection.
// The address names the case, the filters and the order (#case=…&outcome1=miss&sort=sure1), so that what one sees can be
// sent to others.

const ROW = 58; // pixels: the height of a row in the style sheet
const $ = (selector) => document.querySelector(selector);

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
  const order = $("#sort");
  const sorts = orders(page);
  let reading = null; // under way, or done, once one has searched
  let turn = 0; // of what is asked for last; an earlier answer that comes late is dropped

  number(all, filters);
  all.forEach((entry, at) => { entry.at = at; });
  for (const { name, label } of sorts) order.append(choice(name, `order: ${visible(label)}`));
  order.addEventListener("change", () => filter());

  const whole = sieve(all, filters, filters.map(() => -1), "").counts;
  filters.forEach((facet, i) => {
    const rank = (code) => facet.order?.indexOf(facet.values[code]) ?? -whole[i][code];
    facet.select = el("select", "", choice("", `any ${visible(facet.label)}`));
    facet.select.setAttribute("aria-label", visible(facet.label));
    facet.select.name = facet.name;
    facet.options = facet.values.map((value) => choice(value, ""));
    facet.select.append(...[...facet.options.keys()].sort((a, b) => rank(a) - rank(b)).map((code) => facet.options[code]));
    facet.select.addEventListener("change", () => filter());
    if (facet.values.length > 1 || (whole[i][0] ?? all.length) < all.length) $("#filters").append(facet.select);
  });

  function choice(value, text) {
    const option = el("option", "", text);
    option.value = value;
    return option;
  }

  /** What each filter would leave, given the others. */
  function count(counts) {
    filters.forEach((facet, i) => facet.options.forEach((option, code) => {
      const value = facet.values[code];
      option.textContent = `${visible(facet.titles?.[value] ?? value)} (${counts[i][code].toLocaleString("en")})`;
      option.className = counts[i][code] ? "" : "none";
    }));
  }

  const blockOf = (at) => block(`cases-${Math.floor(at / page.cases_per_block)}`);

  async function record(at) {
    const { rules, records } = await blockOf(at);
    const found = records[at % page.cases_per_block];
    return { ...found, case: JSON.parse(caseLine(found.line)), excerpt: found.rules.map((number) => rules[number]) };
  }

  /** Makes everything that is written in the cases searchable; once, when one first searches. */
  async function read() {
    for (let start = 0; start < all.length; start += page.cases_per_block) {
      const { records } = await unpack(`cases-${start / page.cases_per_block}`); // not kept: all of them are large
      records.forEach((found, i) => { all[start + i].written ??= written(all[start + i], { ...found, case: JSON.parse(found.line.head) }); });
    }
  }

  async function filter(keep = chosen) {
    const mine = ++turn;
    const words = search.value.toLowerCase().trim();
    if (words) {
      if (!reading) $("#count").textContent = "searching the";
      await (reading ??= read());
    }
    if (mine !== turn) return;
    const wanted = filters.map((facet) => facet.options.findIndex((option) => option.selected));
    const found = sieve(all, filters, wanted, words);
    count(found.counts);
    await walk(sorted(found.selected, sorts.find(({ name }) => name === order.value)), keep);
  }

  /** Lists these cases, and shows one of them. */
  async function walk(found, keep) {
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
      entry.suspect ? el("span", "chip", `gold may be wrong: ${visible(entry.suspect)}`) : "",
      el("span", "place", `${(at + 1).toLocaleString("en")} / ${selected.length.toLocaleString("en")}`));
    shown.replaceChildren(head, ...drawn.draw(entry, found));
    queue.shown(entry, found);
    for (const text of shown.querySelectorAll(".content")) {
      const mark = text.querySelector("mark"); // in a long text, scroll to the first quote
      if (mark && mark.offsetTop + mark.offsetHeight > text.offsetTop + text.clientHeight) text.scrollTop = mark.offsetTop - text.offsetTop - 40;
    }
    if (jump && innerWidth <= 720) shown.scrollIntoView({ block: "start" });
  }

  let asked = false; // whether the reader has chosen anything, so that there is something worth an address
  function remember() {
    if (queue.active) return history.replaceState(null, "", "#queue");
    if (!asked) return;
    const address = new URLSearchParams();
    if (chosen) address.set("case", chosen.id);
    if (chosen && all.some((c) => c.id === chosen.id && c !== chosen)) address.set("in", chosen.split);
    for (const { name, select } of filters) if (select.value) address.set(name, select.value);
    if (search.value) address.set("search", search.value);
    if (order.value) address.set("sort", order.value);
    history.replaceState(null, "", `#${address}`);
  }

  /** Does what the address says. */
  async function obey() {
    const address = new URLSearchParams(location.hash.slice(1));
    if (address.has("queue") && queue.begun()) return queue.active || queue.resume();
    if (queue.active) return queue.leave();
    const known = ["case", "search", "sort", ...filters.map((facet) => facet.name)].some((name) => address.has(name));
    for (const { name, select } of filters) select.value = known ? address.get(name) ?? "" : select.value;
    for (const { select } of filters) if (select.selectedIndex < 0) select.value = ""; // a value that no case has
    if (known) search.value = address.get("search") ?? "";
    if (known) order.value = sorts.some(({ name }) => name === address.get("sort")) ? address.get("sort") : "";
    const wanted = all.find((c) => c.id === address.get("case") && c.split === (address.get("in") ?? c.split));
    await filter(wanted ?? chosen);
    if (wanted && chosen !== wanted) {
      for (const { select } of filters) select.value = "";
      search.value = "";
      await filter(wanted);
    }
    if (known) $("#cases").scrollIntoView();
  }

  function save(name, lines) {
    const link = el("a");
    link.href = URL.createObjectURL(new Blob(lines.map((text) => `${text}\n`), { type: "application/jsonl" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
  const each = (line) => Promise.all(selected.map(async (entry) => line(entry, await record(entry.at))));

  const move = (by) => {
    const at = selected.indexOf(chosen) + by;
    if (at >= 0 && at < selected.length) show(selected[at]);
  };
  const unfold = (which) => {
    const parts = [...document.querySelectorAll(`#case .answer details.${which}`)];
    const open = !parts.every((part) => part.open);
    for (const part of parts) part.open = open;
  };
  const walking = {
    j: () => move(1), k: () => move(-1), e: () => unfold("said"), r: () => unfold("raw"), f: drawn.enlarge, "?": () => $("#help").showModal(),
  };
  const browsing = {
    ...walking, "/": () => search.focus(), q: () => (queue.begun() ? queue.resume() : review()),
  };
  const queue = reviews(page, {
    all, visible, record, save, show, list: walk, leave: () => { asked = true; return filter(); },
  });
  const review = () => selected.length && queue.begin(selected, `m${page.models.length - 1}`);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && event.target.closest?.("input, select, textarea")) return event.target.blur();
    if (event.target.closest?.("input, select, textarea")) return;
    const keys = queue.active ? { ...walking, ...queue.keys } : browsing;
    if (event.target === list && steps[event.key]) {
      event.preventDefault();
      asked = true;
      return move(steps[event.key]);
    }
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    asked = true;
    if (event.key !== "?" && !queue.active && $("#cases").getBoundingClientRect().top > innerHeight / 2) $("#cases").scrollIntoView();
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
  $("#keys").addEventListener("click", walking["?"]);
  $("#review").addEventListener("click", review);
  $("#resume").addEventListener("click", queue.resume);
  $("#export-cases").addEventListener("click", async () => save("cases.jsonl", await each((_, found) => caseLine(found.line))));
  $("#export-rulings").addEventListener("click", async () => save("rulings.jsonl", await each((entry, found) => JSON.stringify({
    id: entry.id, split: entry.split, gold: found.gold,
    rulings: page.models.map((model, i) => ({ model, outcome: entry.outcomes[i], ...found.answers[i][0], ...(found.answers[i].length > 1 ? { samples: found.answers[i].slice(1) } : {}) })),
  }))));

  queue.invite();
  await obey();
}

start().then(
  () => document.documentElement.classList.add("ready"),
  (error) => {
    $("#case").textContent = "The cases cannot be shown: this needs a browser of 2023 or later.";
    throw error;
  },
);

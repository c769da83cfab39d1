// The queue: one case at a time, decided with the keys alone. Decisions are kept in this browser, one by one as they are
// made, for each reviewer and page; the queue is resumed at the first case that is open.

/** What a browser keeps for this page. Where it keeps nothing, decisions last as long as the page, and it says so. */
function storage(prefix) {
  const held = new Map();
  let trouble = "";
  const attempt = (act, otherwise) => {
    try {
      return act();
    } catch (error) {
      trouble = `This browser keeps nothing more (${error.name}): export before the page is closed.`;
      return otherwise();
    }
  };
  return {
    get trouble() { return trouble; },
    get(key) {
      const kept = held.get(key) ?? attempt(() => localStorage.getItem(prefix + key), () => null);
      return kept === null ? null : JSON.parse(kept);
    },
    set(key, value) {
      const text = JSON.stringify(value);
      attempt(() => { localStorage.setItem(prefix + key, text); held.delete(key); }, () => held.set(key, text));
    },
    remove(key) {
      held.delete(key);
      attempt(() => localStorage.removeItem(prefix + key), () => {});
    },
    keys() {
      const kept = attempt(() => Object.keys(localStorage), () => []);
      return [...new Set([...kept.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)), ...held.keys()])];
    },
  };
}

/**
 * The queue of a page.
 *
 * `shelf` is the browser of cases: `all` its entries, `record(at)`, `list(entries)` to walk through these alone,
 * `show(entry)`, `leave()`, and `save(name, lines)`.
 */
function reviews(page, shelf) {
  const { visible } = shelf;
  const kept = storage(`ruling ${page.id} `);
  const common = storage("ruling ");
  const judgeable = [...page.models.map((model, i) => [`m${i}`, model]), ["gold", "gold"]];
  const judged = $("#judged");
  const name = $("#reviewer");
  const note = $("#note");
  const form = $("#correction");
  let queue = []; // entries, in the order in which they are reviewed
  let entry = null; // the one under review
  let record = null; // and all that is known of it
  let rows = []; // of the correction under way: a rule, its outcome, its evidence
  let active = false;

  for (const [value, label] of judgeable) {
    const option = el("option", "", visible(label));
    option.value = value;
    judged.append(option);
  }

  const key = (of) => `${of.at} ${encodeURIComponent(name.value.trim())}`;
  const decision = (of) => kept.get(key(of));
  const decided = (of) => Boolean(decision(of)?.decision);
  const open = () => queue.filter((of) => !decided(of));

  function tell(trouble = "") {
    const done = queue.length - open().length;
    $("#queue-progress").textContent = `${done.toLocaleString("en")} of ${queue.length.toLocaleString("en")} decided`;
    const found = entry && decision(entry);
    $("#queue-state").textContent = !found?.decision ? "open" : found.decision === "unsure" ? "unsure"
      : `${found.decision === "agree" ? "agreed" : "corrected"}: ${found.verdict}${found.rules.length ? `, ${visible(found.rules.join(", "))}` : ""}`;
    $("#queue-trouble").textContent = visible(trouble || kept.trouble || common.trouble);
    for (const button of document.querySelectorAll("#queue-exports button")) button.disabled = !done;
  }

  /** Whom the reviewer judges here: what they decided on this case before, or what is chosen. */
  function proposal() {
    if (judged.value === "gold") return record.gold;
    return record.answers[Number(judged.value.slice(1))][0].ruling;
  }

  function keep(change) {
    const before = decision(entry) ?? {};
    const time = new Date().toISOString().slice(0, 19) + "Z";
    kept.set(key(entry), { ...before, ...change, author: name.value.trim(), time });
  }

  function named() {
    if (name.value.trim()) return true;
    name.focus();
    tell("First your name: it stands beside every decision.");
    return false;
  }

  async function decide(what, more) {
    keep({ decision: what, judged: judgeable.find(([value]) => value === judged.value)[1], verdict: null, rules: [], ...more, note: note.value.trim() });
    close();
    await onward();
  }

  /** To the next open case, behind this one or else before it; where none is left, it stays. */
  async function onward() {
    const at = queue.indexOf(entry);
    const next = [...queue.slice(at + 1), ...queue.slice(0, at + 1)].find((of) => !decided(of));
    if (next && next !== entry) return shelf.show(next);
    tell(next ? "" : "Every case of this queue is decided: export them.");
  }

  function agree() {
    if (!named()) return;
    const found = proposal();
    if (!found?.verdict) return tell(`${judged.selectedOptions[0].textContent} says nothing here to agree with: correct it (c).`);
    const known = new Set(record.excerpt.map((rule) => rule.id));
    const cited = found.violations ?? [];
    const rules = [...new Set(cited.map((violation) => violation.rule))];
    const outside = rules.find((rule) => !known.has(rule));
    if (outside !== undefined && judged.value !== "gold") return tell(`${outside} is not among the rules of this case: correct it (c).`);
    const stands = judged.value === "gold" || alreadySaid(record.gold, found.verdict, rules);
    const violations = rules.map((rule) => ({
      rule, evidence: grounded(cited.filter((v) => v.rule === rule).flatMap((v) => v.evidence), record),
    }));
    // Where gold says the same, it is confirmed as it stands, with its own evidence and reasoning.
    decide("agree", { verdict: found.verdict, rules, gold: stands ? null : corrected(record.gold, { verdict: found.verdict, violations, unclear: unclearIn(found, rules) }) });
  }

  /** The rules that a ruling's findings, or gold, leave unclear. */
  function unclearIn(found, broken) {
    if (found.unclear) return found.unclear;
    const lines = (found.reasoning ?? "").matchAll(/^(\S+):(?: .* ->)? unclear[ \t\r]*$/gm);
    const known = new Set(record.excerpt.map((rule) => rule.id));
    return [...new Set([...lines].map((line) => line[1]))].filter((rule) => known.has(rule) && !broken.includes(rule));
  }

  /** The form for another verdict, other rules and evidence: filled in with what is judged. */
  function correct() {
    if (!named()) return;
    if (!form.hidden) return $("#new-verdict").focus();
    const before = decision(entry)?.gold ?? proposal() ?? { violations: [] };
    const broken = new Map();
    for (const v of before.violations ?? []) broken.set(v.rule, [...(broken.get(v.rule) ?? []), ...grounded(v.evidence, record)]);
    const unclear = unclearIn(before, [...broken.keys()]);
    const first = (rule) => (broken.has(rule.id) ? 0 : unclear.includes(rule.id) ? 1 : 2);
    rows = [...record.excerpt].sort((a, b) => first(a) - first(b)).map((rule) => ruleRow(rule, ["broken", "unclear", "clear"][first(rule)], broken.get(rule.id) ?? []));
    const verdict = $("#new-verdict");
    verdict.value = before.verdict ?? calledFor(record.excerpt, [...broken.keys()], unclear);
    $("#new-rules").replaceChildren(...rows.map((row) => row.node));
    form.hidden = false;
    hint();
    verdict.focus();
  }

  function ruleRow(rule, outcome, evidence) {
    const select = el("select", "", ["clear", "broken", "unclear"].map((value) => el("option", "", value)));
    const words = el("textarea");
    select.value = outcome;
    select.setAttribute("aria-label", visible(`${rule.id} is`));
    words.rows = 2;
    words.value = evidence.map(writeEvidence).join("\n");
    words.placeholder = "words of the case; image 0: .1 .1 .5 .5; seconds: 1.5 3";
    words.setAttribute("aria-label", visible(`evidence for ${rule.id}`));
    words.hidden = outcome !== "broken";
    select.addEventListener("input", () => { words.hidden = select.value !== "broken"; hint(); });
    const node = el("div", "new-rule", select, el("div", "", el("bdi", "rule", visible(rule.id)), " ", el("bdi", "muted", visible(rule.title || rule.text)), words));
    return { id: rule.id, select, words, node };
  }

  const those = (outcome) => rows.filter((row) => row.select.value === outcome).map((row) => row.id);

  function hint() {
    const called = calledFor(record.excerpt, those("broken"), those("unclear"));
    $("#new-hint").textContent = called === $("#new-verdict").value ? "" : `the rules call for: ${called}`;
  }

  function keepCorrection() {
    if (form.hidden || !named()) return;
    const violations = [];
    for (const row of rows.filter(({ select }) => select.value === "broken")) {
      const lines = row.words.value.split("\n").map((line) => line.trim()).filter(Boolean);
      try {
        violations.push({ rule: row.id, evidence: lines.map((line) => readEvidence(line, record)) });
      } catch (error) {
        row.words.focus();
        return tell(error.message);
      }
    }
    const verdict = $("#new-verdict").value;
    if (verdict === "reject" && !violations.length) return tell("A rejection names a rule that is broken.");
    decide("correct", { verdict, rules: violations.map((v) => v.rule), gold: corrected(record.gold, { verdict, violations, unclear: those("unclear") }) });
  }

  function close() {
    form.hidden = true;
    rows = [];
    document.activeElement?.blur();
  }

  async function begin(entries, judging) {
    queue = entries;
    judged.value = judging;
    active = true;
    $("#cases").classList.add("reviewing");
    $("#queue").hidden = false;
    name.value ||= common.get("reviewer") ?? "";
    kept.set("queue", { cases: entries.map((of) => of.at), judged: judging });
    await shelf.list(queue, open()[0] ?? queue[0]);
    if (!name.value) name.focus();
    $("#cases").scrollIntoView();
  }

  async function leave() {
    active = false;
    $("#cases").classList.remove("reviewing");
    $("#queue").hidden = true;
    close();
    await shelf.leave();
    invite();
  }

  /** The queue that was begun before, if there is one. */
  function begun() {
    const found = kept.get("queue");
    return found && { ...found, cases: found.cases.map((at) => shelf.all[at]) };
  }

  function invite() {
    const found = begun();
    const button = $("#resume");
    button.hidden = !found;
    if (!found) return;
    queue = found.cases;
    name.value ||= common.get("reviewer") ?? "";
    button.textContent = `Go on reviewing: ${open().length.toLocaleString("en")} of ${queue.length.toLocaleString("en")} open`;
  }

  const resume = () => {
    const found = begun();
    return found && begin(found.cases, found.judged);
  };

  /** Every decision that this browser holds for the page, of this reviewer and of others, with its case. */
  function decisions() {
    return kept.keys().flatMap((stored) => {
      const at = stored.match(/^(\d+) /)?.[1];
      const found = at && kept.get(stored);
      return found?.decision ? [[shelf.all[at], found]] : [];
    }).sort((a, b) => a[0].at - b[0].at);
  }

  async function exportCases() {
    const mine = decisions().filter(([, found]) => found.author === name.value.trim() && found.decision !== "unsure");
    shelf.save("reviewed.jsonl", await Promise.all(mine.map(async ([of, found]) => {
      const { decision: what, author, time, judged: whom, note: said, gold } = found;
      return reviewedLine((await shelf.record(of.at)).line, { decision: what, judged: whom, author, time, ...(said ? { note: said } : {}), gold });
    })));
  }

  const exportReviews = () => shelf.save("reviews.jsonl", decisions().map(([of, { gold, rules, ...found }]) =>
    JSON.stringify({ id: of.id, split: of.split, ...found, violations: rules })));

  name.addEventListener("change", () => {
    common.set("reviewer", name.value.trim());
    if (entry) shown(entry, record);
  });
  name.addEventListener("keydown", (event) => { if (event.key === "Enter") name.blur(); });
  judged.addEventListener("change", () => { kept.set("queue", { ...kept.get("queue"), judged: judged.value }); judged.blur(); });
  note.addEventListener("change", () => { if (entry && name.value.trim()) { keep({ note: note.value.trim() }); tell(); } });
  $("#new-verdict").addEventListener("input", hint);
  form.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); keepCorrection(); } });
  $("#keep-correction").addEventListener("click", keepCorrection);
  $("#export-reviewed").addEventListener("click", exportCases);
  $("#export-reviews").addEventListener("click", exportReviews);

  /** A case has come up. */
  function shown(of, found) {
    if (!active) return;
    if (of !== entry) close();
    [entry, record] = [of, found];
    note.value = decision(of)?.note ?? "";
    tell();
  }

  const keys = {
    a: agree,
    c: correct,
    u: () => named() && decide("unsure", { gold: null }),
    n: () => named() && note.focus(),
    o: onward,
    x: () => { kept.remove(key(entry)); note.value = ""; tell(); },
    q: leave,
  };
  for (const button of document.querySelectorAll("#queue button[data-key]")) button.addEventListener("click", () => keys[button.dataset.key]());

  return { get active() { return active; }, begin, resume, begun, invite, shown, keys };
}

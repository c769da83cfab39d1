// A reviewer's decision as data: evidence written by hand, the gold that follows from a decision, and cases put together
// anew around it. Nothing here touches the page.

/** Texts as they are compared: near what Ruling does in Python (data/quotes.py), and never less strict. */
const fold = (text) => text.normalize("NFKC").replace(/\p{Cf}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();

/** The texts of a case that quotes can come from, by name. */
function fieldsOf(content) {
  const fields = new Map(Object.entries(content.text ?? {}));
  if (content.transcript?.length) fields.set("transcript", content.transcript.map((line) => line.text).join("\n"));
  if (content.page?.sections?.length) fields.set("page", content.page.sections.map(wholeSection).join("\n"));
  return fields;
}

/** The words in which a quote stands in the case, where recognition may have misheard them; else its own. */
const asHeard = (evidence, { heard }) =>
  (evidence.field === "transcript" && heard.find(([said]) => said === evidence.quote)?.[1]) || evidence.quote;

/** Where a quote is looked for: in its section of the page, or in its field. */
function textOf({ field, section }, content) {
  if (section == null) return fieldsOf(content).get(field) ?? "";
  const found = field === "page" ? content.page?.sections?.[section] : undefined;
  return found ? wholeSection(found) : "";
}

/** Whether folded words stand in a folded text with their first and last numbers whole: 5 does not stand in 15. */
function holds(text, words) {
  for (let at = words ? text.indexOf(words) : -1; at >= 0; at = text.indexOf(words, at + 1)) {
    const begins = /^\p{Nd}/u.test(words) && /\p{Nd}[.,]?$/u.test(text.slice(Math.max(0, at - 3), at));
    const goesOn = /\p{Nd}$/u.test(words) && /^[.,]?\p{Nd}/u.test(text.slice(at + words.length, at + words.length + 3));
    if (!begins && !goesOn) return true;
  }
  return false;
}

/** Whether a quote stands in the case. */
const stands = (evidence, record) => holds(fold(textOf(evidence, record.case)), fold(asHeard(evidence, record)));

/** All that a section of a page says (data/page.py). */
const wholeSection = (section) => [section.title, section.text].filter(Boolean).join("\n");

/** Evidence as a line that `readEvidence` reads. */
function writeEvidence(evidence) {
  if ("quote" in evidence) return `${evidence.field}${evidence.section != null ? ` section ${evidence.section}` : ""}: ${evidence.quote.replace(/\s+/g, " ").trim()}`;
  if ("interval" in evidence) return `seconds: ${evidence.interval.join(" ")}`;
  const [kind, at] = evidence.image != null ? ["image", evidence.image] : ["frame", evidence.frame];
  return `${kind} ${at}: ${evidence.region.join(" ")}`;
}

/** A piece of evidence from a line: words of the case, with the field's name before them or not; a region; seconds. */
function readEvidence(line, record) {
  const content = record.case;
  const number = "(\\d+(?:\\.\\d+)?|\\.\\d+)";
  const region = line.match(new RegExp(`^(image|frame) (\\d+): ${number} ${number} ${number} ${number}$`));
  if (region) {
    const [, kind, at, ...edges] = region;
    const [x0, y0, x1, y1] = edges.map(Number);
    const there = content[`${kind}s`]?.length ?? 0;
    if (Number(at) >= there) throw new Error(`“${line}”: the case has ${there} ${kind}s, counted from 0`);
    if (!(x0 < x1 && y0 < y1 && x1 <= 1 && y1 <= 1)) throw new Error(`“${line}”: give left, top, right and bottom, each from 0 to 1`);
    return { [kind]: Number(at), region: [x0, y0, x1, y1] };
  }
  const interval = line.match(new RegExp(`^seconds: ${number} ${number}$`));
  if (interval) {
    const [start, end] = interval.slice(1).map(Number);
    if (end < start) throw new Error(`“${line}”: ends before it starts`);
    return { interval: [start, end] };
  }
  const section = line.match(/^page section (\d+): (.*)$/);
  if (section) {
    const evidence = { quote: section[2].trim(), field: "page", section: Number(section[1]) };
    if (stands(evidence, record)) return evidence;
  }
  for (const field of fieldsOf(content).keys()) {
    for (const words of [line, line.startsWith(`${field}: `) ? line.slice(field.length + 2) : ""]) {
      const evidence = { quote: words.trim(), field };
      if (stands(evidence, record)) return evidence;
    }
  }
  throw new Error(`“${line}” stands in no text of the case`);
}

/** The evidence of a ruling that is found in the case; what a model made up does not become gold. */
function grounded(evidence, record) {
  const content = record.case;
  return (evidence ?? []).filter((item) => {
    if ("interval" in item) return true;
    if ("region" in item) return (item.image ?? item.frame) < (item.image != null ? content.images : content.frames)?.length;
    return stands(item, record);
  });
}

/** Whether gold already says so: this verdict, and these rules by an accepted name. */
function alreadySaid(gold, verdict, rules) {
  if (gold?.verdict !== verdict || !gold.violations) return false;
  const accepted = gold.violations.map((v) => [v.rule, ...(v.or ?? [])]);
  return accepted.every((names) => names.some((name) => rules.includes(name))) && rules.every((rule) => accepted.flat().includes(rule));
}

/**
 * The gold that a decision makes of the gold before it. What it says of other things stays (the intent, and what is
 * known not to be broken); what was written for another decision goes: second-best verdicts, reasoning, advice.
 */
function corrected(before, { verdict, violations, unclear }) {
  const broken = violations.map((v) => v.rule);
  const cleared = (before?.not ?? []).filter((rule) => !broken.includes(rule) && !unclear.includes(rule));
  return {
    verdict,
    ...(before?.intent != null ? { intent: before.intent } : {}),
    violations: violations.map(({ rule, evidence }) => {
      const or = before?.violations?.find((v) => v.rule === rule)?.or;
      return { rule, ...(or?.length ? { or } : {}), ...(evidence.length ? { evidence } : {}) };
    }),
    ...(cleared.length ? { not: cleared } : {}),
    ...(unclear.length ? { unclear } : {}),
  };
}

/** What the rules that are broken call for; else escalation if one is unclear. */
function calledFor(excerpt, broken, unclear) {
  const verdicts = excerpt.filter((rule) => broken.includes(rule.id)).map((rule) => rule.verdict ?? "reject");
  if (verdicts.length) return verdicts.includes("reject") ? "reject" : verdicts[0];
  return unclear.length ? "escalate" : "approve";
}

/** A line of JSON from parts that are JSON already, and stay what they are to the letter. */
function spliced(object, parts) {
  const added = Object.entries(parts).filter(([, raw]) => raw !== undefined).map(([key, raw]) => `${JSON.stringify(key)}: ${raw}`);
  return `{${[object.slice(1, -1), ...added].filter(Boolean).join(", ")}}`;
}

/** The case as it was read. */
function caseLine({ head, meta, review, gold, teacher }) {
  return spliced(head, { meta: review ? spliced(meta ?? "{}", { review }) : meta, gold, teacher });
}

/** The case with the gold of a review, and in its `meta` who decided what, when, and what was there before. A teacher's
 *  ruling goes the way of the old gold: it would be imitated in the place of the new. */
function reviewedLine(line, { gold, ...review }) {
  const before = spliced("{}", { gold: line.gold ?? "null", teacher: line.teacher, review: line.review });
  const told = spliced(JSON.stringify(review), { before });
  return spliced(line.head, { meta: spliced(line.meta ?? "{}", { review: told }), gold: gold ? JSON.stringify(gold) : line.gold });
}

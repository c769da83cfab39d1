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

/** All that a section of a page says (data/page.py). */
const wholeSection = (section) => [section.title, section.text].filter(Boolean).join("\n");

/** Evidence as a line that `readEvidence` reads. */
function writeEvidence(evidence) {
  if ("quote" in evidence) return `${evidence.field}: ${evidence.quote.replace(/\s+/g, " ").trim()}`;
  if ("interval" in evidence) return `seconds: ${evidence.interval.join(" ")}`;
  const [kind, at] = evidence.image != null ? ["image", evidence.image] : ["frame", evidence.frame];
  return `${kind} ${at}: ${evidence.region.join(" ")}`;
}

/** A piece of evidence from a line: words of the case, with the field's name before them or not; a region; seconds. */
function readEvidence(line, content) {
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
  for (const [field, text] of fieldsOf(content)) {
    for (const words of [line, line.startsWith(`${field}: `) ? line.slice(field.length + 2) : ""]) {
      if (fold(words) && fold(text).includes(fold(words))) return { quote: words.trim(), field };
    }
  }
  throw new Error(`“${line}” stands in no text of the case`);
}

/** The evidence of a ruling that is found in the case; what a model made up does not become gold. */
function grounded(evidence, content) {
  return (evidence ?? []).filter((item) => {
    if ("interval" in item) return true;
    if ("region" in item) return (item.image ?? item.frame) < (item.image != null ? content.images : content.frames)?.length;
    return fold(item.quote) && fold(fieldsOf(content).get(item.field) ?? "").includes(fold(item.quote));
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

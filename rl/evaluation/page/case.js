// One case, drawn: what runs in time, pictures and texts with everybody's evidence marked, and the rulings side by side.
// Whatever cases and models say becomes text nodes, never markup.

/** An element with a class and children; strings become text. */
function el(tag, name, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** A block's element, once the browser has read all of it: what comes behind it is there, or nothing more comes. */
async function arrived(id) {
  for (;;) {
    const node = document.getElementById(id);
    if (node && (node.nextElementSibling || document.readyState !== "loading")) return node;
    if (!node && document.readyState !== "loading") throw new Error(`the page is cut off: it has no ${id}`);
    await new Promise((done) => { setTimeout(done, 20); });
  }
}

/** The JSON that a block of the page holds. */
async function unpack(id) {
  const text = atob((await arrived(id)).textContent.trim());
  const packed = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) packed[at] = text.charCodeAt(at); // twenty times as fast as Uint8Array.from
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const blocks = new Map();

/** The same, unpacked once. */
function block(id) {
  if (!blocks.has(id)) blocks.set(id, unpack(id));
  return blocks.get(id);
}

/** Draws cases for a page of these models; `page` is its index. */
function drawer(page) {
  const hidden = new RegExp(page.hidden, "gu");

  /** Control characters written out, so that none can reorder or hide what stands beside it. */
  function visible(text) {
    const code = (c) => c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return String(text).replace(hidden, (c) => `⟨U+${code(c)}⟩`);
  }

  const bdi = (text, name) => el("bdi", name, visible(text));
  const who = (mark) => (mark === "gold" ? "gold" : page.models[Number(mark.slice(1))]);
  const { picture, frameOf } = pictures(page, { visible, who });

  /** A text cut where marks begin and end. */
  function highlighted(text, marks) {
    const edges = [...new Set([0, text.length, ...marks.flatMap((mark) => mark.slice(0, 2))])].sort((a, b) => a - b);
    return edges.slice(1).map((end, place) => {
      const start = edges[place];
      const over = [...new Set(marks.filter((m) => m[0] <= start && end <= m[1]).map((m) => m[2]))];
      const piece = visible(text.slice(start, end));
      if (!over.length) return piece;
      const mark = el("mark", over.join(" "), piece);
      mark.title = `quoted by ${over.map(who).map(visible).join(", ")}`;
      return mark;
    });
  }

  function field(name, content) {
    return el("div", "field", el("h4", "", bdi(name)), content);
  }

  function paragraph(text, marks) {
    const content = el("p", "content", highlighted(text, marks));
    content.dir = "auto";
    return content;
  }

  /** Every text of a case as a field, by name. */
  function textsOf({ case: content, marks, hits }, tools) {
    const found = new Map(marks);
    const parts = {
      transcript: (of) => transcript(content.transcript, of, hits, page.unsure, tools),
      page: (of) => sections(content.page.sections, of, highlighted),
    };
    return new Map([...fieldsOf(content)].map(([name, text]) => {
      const own = name === "transcript" ? content.transcript?.length : name === "page" && content.page?.sections?.length;
      const of = found.get(name) ?? [];
      return [name, field(name, own ? parts[name](of) : paragraph(text, of))];
    }));
  }

  /** Evidence in words. */
  function told(evidence, record) {
    if ("quote" in evidence) {
      const words = asHeard(evidence, record);
      const heard = words === evidence.quote ? "" : `, heard as “${words}”`;
      return `“${evidence.quote}” in ${evidence.field}${evidence.section != null ? ` section ${evidence.section}` : ""}${heard}`;
    }
    if ("interval" in evidence) return `${evidence.interval[0]} to ${evidence.interval[1]} s`;
    const of = evidence.image != null ? `image ${evidence.image}` : `frame ${evidence.frame}`;
    return `${of}, region ${evidence.region.map((edge) => edge.toFixed(2)).join(" ")}`;
  }

  function evidenceOf(evidence, { record, played }) {
    const words = bdi(told(evidence, record));
    if (!played || !("interval" in evidence)) return el("small", "", words);
    const button = el("button", "jump", words);
    button.addEventListener("click", () => played.seek(evidence.interval[0]));
    return el("small", "", button);
  }

  function citation(violation, about, right, found) {
    const sign = right === undefined ? "" : el("span", right ? "good" : "bad", right ? "✓ " : "✗ ");
    if (sign) sign.title = right ? "gold cites it too" : "gold does not cite it";
    const or = violation.or?.length ? ` or ${violation.or.join(", ")}` : "";
    return el("li", "", sign, bdi(violation.rule + or, "rule"), " ", bdi(about.titles.get(violation.rule) ?? "not in the excerpt"),
      (violation.evidence ?? []).map((e) => evidenceOf(e, about)),
      found === false ? el("small", "bad", "✗ evidence not found in the case") : "");
  }

  const folded = (kind, title, text) => el("details", kind, el("summary", "", title), el("pre", "", visible(text)));

  function answer(mark, verdict, outcome, parts) {
    return el("section", `answer ${mark}`,
      el("h4", "", el("span", `key ${mark}`), bdi(mark === "gold" ? "Gold" : who(mark))),
      el("p", "verdict", verdict, outcome ? el("span", `chip ${outcome.replaceAll(" ", "-")}`, outcome) : ""), parts);
  }

  function goldAnswer(gold, about) {
    if (!gold) return answer("gold", "not annotated", "", []);
    const accept = gold.accept?.length ? el("small", "", `accepts ${gold.accept.join(", ")} too`) : "";
    return answer("gold", gold.verdict ?? "not annotated", "", [
      accept,
      el("ul", "", (gold.violations ?? []).map((violation) => citation(violation, about))),
      gold.reasoning ? folded("said", "reasoning", gold.reasoning) : "",
      edits(gold.edits),
    ]);
  }

  /** What is known of how an answer was written. */
  function measured(found) {
    const facts = [
      found.ruling ? `confidence ${found.ruling.confidence.toFixed(2)}` : "",
      found.logprob === undefined ? "" : `probability of the verdict ${Math.exp(found.logprob).toFixed(3)}`,
      found.tokens === undefined ? "" : `${found.tokens.toLocaleString("en")} tokens`,
    ];
    const intent = found.ruling?.intent ? [" · ", bdi(found.ruling.intent)] : "";
    return el("small", "", facts.filter(Boolean).join(" · "), intent);
  }

  /** What was looked at with tools, step by step, with the parts of pictures that were seen. */
  function timeline(looks) {
    if (!looks?.length) return "";
    return el("ol", "looks", looks.map((look) => el("li", look.failed ? "bad" : "", bdi(look.told),
      el("small", "", bdi(look.asked)), (look.crops ?? []).map((crop) => picture(crop, [], true)))));
  }

  /** What an advertiser is told to change, and whether that had the ad approved, where it is known. */
  function edits(given, fixed) {
    if (!given?.length) return "";
    const told = fixed === undefined ? "edits" : fixed ? "edits: approved with them" : "edits: not approved with them";
    const place = (edit) => edit.field ?? (edit.image != null ? `image ${edit.image}` : `frame ${edit.frame}`);
    return el("details", "edits", el("summary", "", told), el("ul", "", given.map((edit) =>
      el("li", "", bdi(place(edit)), ": ", el("del", "", bdi(edit.old ?? edit.element)), " ",
        edit.new ? el("ins", "", bdi(edit.new)) : "", edit.why ? el("small", "", bdi(edit.why)) : ""))));
  }

  /** Everything that was written at one go. */
  function attempt(found, about) {
    const raw = found.completion === undefined ? "" : folded("raw", "completion as written", found.completion);
    const ruling = found.ruling;
    if (!ruling) return [measured(found), timeline(found.looks), el("p", "trouble", "no ruling: ", bdi(found.failure ?? "no verdict given")), raw];
    return [
      measured(found),
      timeline(found.looks),
      found.contradiction ? el("p", "contradiction", "✗ ", bdi(found.contradiction)) : "",
      el("ul", "", ruling.violations.map((v, i) => citation(v, about, found.right?.[i], found.found?.[i]))),
      ruling.reasoning ? folded("said", "reasoning", ruling.reasoning) : "",
      ruling.advice ? folded("said", "advice", ruling.advice) : "",
      edits(ruling.edits, found.fixed),
      raw,
    ];
  }

  function modelAnswer(place, [first, ...others], outcome, about) {
    const verdict = (found) => found.ruling?.verdict ?? found.verdict ?? "unparsed";
    const samples = others.map((found, i) => el("details", "raw sample", el("summary", "", `sample ${i + 2}: ${verdict(found)}`), attempt(found, about)));
    const tally = new Map();
    for (const found of [first, ...others]) tally.set(verdict(found), (tally.get(verdict(found)) ?? 0) + 1);
    const several = others.length ? el("small", "", `first of ${others.length + 1} samples: ${[...tally].map(([of, n]) => `${n} ${of}`).join(", ")}`) : "";
    return answer(`m${place}`, verdict(first), outcome, [several, attempt(first, about), samples]);
  }

  /** What else is known of a case. */
  function known(content) {
    const facts = Object.entries({ group: content.group, language: content.lang, weight: content.weight, ...content.meta });
    const list = facts.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) =>
      [el("dt", "", bdi(name)), el("dd", "", bdi(typeof value === "string" ? value : JSON.stringify(value)))]);
    return list.length ? el("details", "meta", el("summary", "", "meta"), el("dl", "", list)) : "";
  }

  function excerpt(rules) {
    const list = el("dl", "", rules.map((rule) => [
      el("dt", "", bdi(rule.id), el("small", "", rule.severity ?? "medium")),
      el("dd", "", bdi(rule.text), (rule.exceptions ?? []).map((e) => el("small", "", "Unless: ", bdi(e)))),
    ]));
    return el("details", "excerpt", el("summary", "", `judged by ${rules.length} ${rules.length === 1 ? "rule" : "rules"}`), list);
  }

  /** Everybody's evidence of one kind, with whose it is: `[[mark, value], …]`. */
  function evidence(record, pick) {
    const givers = [["gold", record.gold?.violations], ...record.answers.map(([a], i) => [`m${i}`, a.ruling?.violations])];
    return givers.flatMap(([mark, violations]) => (violations ?? []).flatMap((v) => (v.evidence ?? []).flatMap((e) => {
      const value = pick(e, v.rule);
      return value ? [[mark, value]] : [];
    })));
  }

  return {
    visible,
    /** The first picture at full size. */
    enlarge() {
      $("#case button:is(.picture, .cell)")?.enlarge?.();
    },
    /** The case as nodes. */
    draw(entry, record) {
      const titles = new Map(record.excerpt.map((rule) => [rule.id, rule.title || rule.text]));
      const played = player(record, visible);
      const tools = { visible, who, played, highlighted };
      const pointing = (p) => evidence(record, (e) => e[p.of] === p.at && e.region);
      // A frame stands in the strip; where somebody points at a part of it, large as well.
      const stills = record.pictures.filter((p) => p.of !== "frame" || pointing(p).length);
      const large = stills.map((p) => picture(p, pointing(p), stills.length === 1));
      const frames = record.pictures.filter((p) => p.of === "frame").map((p) => frameOf(p, record, pointing(p), played));
      const intervals = evidence(record, (e, rule) => e.interval && { rule, start: e.interval[0], end: e.interval[1] })
        .map(([mark, interval]) => ({ mark, ...interval }));
      const givers = ["gold", ...page.models.map((_, i) => `m${i}`)];
      const run = frames.length || intervals.length || played ? strip(record.length, frames, intervals, givers, tools) : "";
      const more = record.left_out ? el("p", "trouble", `${record.left_out} more pictures are not shown`) : "";
      const texts = textsOf(record, tools);
      const said = played ? texts.get("transcript") ?? "" : ""; // beside what says it
      if (said) texts.delete("transcript");
      const about = { titles, record, played };
      return [
        played ? el("div", said ? "watch" : "", played.node, said) : "",
        run,
        more,
        el("div", large.length ? "content-grid" : "",
          large.length ? el("div", "media", large) : "",
          el("div", "texts", ...texts.values(), excerpt(record.excerpt), known(record.case))),
        el("div", "answers", goldAnswer(record.gold, about),
          record.answers.map((found, place) => modelAnswer(place, found, entry.outcomes[place], about))),
      ];
    },
  };
}

// One case, drawn: pictures and texts with everybody's evidence marked, and the rulings side by side.
// Whatever cases and models say becomes text nodes, never markup.

/** An element with a class and children; strings become text. */
function el(tag, name, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** The same for drawings. */
function svg(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** The JSON that a block of the page holds. */
async function unpack(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));
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

  function field(name, text, marks) {
    const content = el("p", "content", highlighted(text, marks));
    content.dir = "auto";
    return el("div", "field", el("h4", "", bdi(name)), content);
  }

  /** Regions over a picture. Where models agree, their dashes alternate, so that no box hides another. */
  function boxes(regions) {
    const dash = 7;
    const layer = svg("svg", { class: "boxes", viewBox: "0 0 1 1", preserveAspectRatio: "none" });
    for (const [mark, [x0, y0, x1, y1]] of regions) {
      const place = { class: `box ${mark}`, x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
      const lane = Number(mark.slice(1)); // not a number for gold, whose lines are whole
      const dashes = { "stroke-dasharray": `${dash} ${dash * Math.max(1, page.models.length - 1)}`, "stroke-dashoffset": -dash * lane };
      const box = svg("rect", Number.isNaN(lane) ? place : { ...place, ...dashes });
      const title = svg("title", {});
      title.textContent = visible(who(mark));
      box.append(title);
      layer.append(box);
    }
    return layer;
  }

  /** A picture in its place; the thumbnail itself comes later, when its block is unpacked. */
  function picture(shown, regions, alone) {
    const frame = el("div", "picture");
    const figure = el("figure", "", frame, alone ? "" : el("figcaption", "", shown.label));
    block(`pictures-${Math.floor(shown.number / page.pictures_per_block)}`).then((pictures) => {
      const found = pictures[shown.number % page.pictures_per_block];
      if (found.trouble) {
        frame.replaceWith(el("p", "trouble", `${shown.label} cannot be shown: `, bdi(found.trouble)));
        return;
      }
      const image = el("img");
      image.alt = shown.label;
      image.src = `data:image/webp;base64,${found.webp}`;
      frame.prepend(image);
    });
    if (regions.length) frame.append(boxes(regions));
    return figure;
  }

  /** Intervals on a common line of time. */
  function timeline(record, intervals) {
    const times = [...(record.case.frames ?? []).map((f) => f.time), ...(record.case.transcript ?? []).map((l) => l.end)];
    const length = Math.max(...times, ...intervals.map(([, [, end]]) => end), 1e-9);
    return el("div", "timeline", intervals.map(([mark, [start, end]]) => {
      const bar = el("span", `bar ${mark}`);
      bar.style.left = `${(100 * start) / length}%`;
      bar.style.width = `${(100 * (end - start)) / length}%`;
      const lane = el("div", "lane", bar);
      lane.title = visible(`${who(mark)}: ${start} to ${end} s of ${length.toFixed(1)} s`);
      return lane;
    }));
  }

  /** Evidence in words. */
  function told(evidence) {
    if ("quote" in evidence) return `“${evidence.quote}” in ${evidence.field}`;
    if ("interval" in evidence) return `${evidence.interval[0]} to ${evidence.interval[1]} s`;
    const of = evidence.image != null ? `image ${evidence.image}` : `frame ${evidence.frame}`;
    return `${of}, region ${evidence.region.map((edge) => edge.toFixed(2)).join(" ")}`;
  }

  function citation(violation, titles, right, found) {
    const sign = right === undefined ? "" : el("span", right ? "good" : "bad", right ? "✓ " : "✗ ");
    if (sign) sign.title = right ? "gold cites it too" : "gold does not cite it";
    const or = violation.or?.length ? ` or ${violation.or.join(", ")}` : "";
    return el("li", "", sign, bdi(violation.rule + or, "rule"), " ", bdi(titles.get(violation.rule) ?? "not in the excerpt"),
      (violation.evidence ?? []).map((e) => el("small", "", bdi(told(e)))),
      found === false ? el("small", "bad", "✗ evidence not found in the case") : "");
  }

  const folded = (title, text) => el("details", "", el("summary", "", title), el("pre", "", visible(text)));

  function answer(mark, verdict, outcome, parts) {
    return el("section", `answer ${mark}`,
      el("h4", "", el("span", `key ${mark}`), bdi(mark === "gold" ? "Gold" : who(mark))),
      el("p", "verdict", verdict, outcome ? el("span", `chip ${outcome.replaceAll(" ", "-")}`, outcome) : ""), parts);
  }

  function goldAnswer(gold, titles) {
    if (!gold) return answer("gold", "not annotated", "", []);
    const accept = gold.accept?.length ? el("small", "", `accepts ${gold.accept.join(", ")} too`) : "";
    return answer("gold", gold.verdict ?? "not annotated", "", [
      accept,
      el("ul", "", (gold.violations ?? []).map((violation) => citation(violation, titles))),
      gold.reasoning ? folded("reasoning", gold.reasoning) : "",
    ]);
  }

  function modelAnswer(place, found, verdict, outcome, titles) {
    const samples = found.samples && Object.entries(found.samples).map(([verdict, n]) => `${n} ${verdict}`).join(", ");
    const tally = samples ? el("small", "", `first of several samples: ${samples}`) : "";
    const ruling = found.ruling;
    if (!ruling) {
      const why = el("p", "trouble", "no ruling: ", bdi(found.failure ?? "no verdict given"));
      return answer(`m${place}`, verdict, outcome,
        [tally, why, found.completion == null ? "" : folded("completion", found.completion)]);
    }
    const intent = ruling.intent ? [" · ", bdi(ruling.intent)] : "";
    const sure = el("small", "", `confidence ${ruling.confidence.toFixed(2)}`, intent);
    return answer(`m${place}`, ruling.verdict, outcome, [
      sure, tally,
      el("ul", "", ruling.violations.map((v, i) => citation(v, titles, found.right?.[i], found.found?.[i]))),
      ruling.reasoning ? folded("reasoning", ruling.reasoning) : "",
      ruling.advice ? folded("advice", ruling.advice) : "",
    ]);
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
    const givers = [["gold", record.gold?.violations], ...record.answers.map((a, i) => [`m${i}`, a.ruling?.violations])];
    return givers.flatMap(([mark, violations]) => (violations ?? []).flatMap((v) => v.evidence ?? []).flatMap((e) => {
      const value = pick(e);
      return value ? [[mark, value]] : [];
    }));
  }

  return {
    visible,
    /** The case as nodes. */
    draw(entry, record) {
      const titles = new Map(record.excerpt.map((rule) => [rule.id, rule.title || rule.text]));
      const marks = new Map(record.marks);
      const texts = Object.entries(record.case.text ?? {});
      if (record.case.transcript?.length) texts.push(["transcript", record.case.transcript.map((l) => l.text).join("\n")]);
      const pictures = record.pictures.map((p) =>
        picture(p, evidence(record, (e) => e[p.of] === p.at && e.region), record.pictures.length === 1));
      const intervals = evidence(record, (e) => e.interval);
      const more = record.left_out ? el("p", "trouble", `${record.left_out} more pictures are not shown`) : "";
      const media = pictures.length || intervals.length;
      return [
        el("div", media ? "content-grid" : "",
          media ? el("div", "media", pictures, more, intervals.length ? timeline(record, intervals) : "") : "",
          el("div", "texts", texts.map(([name, text]) => field(name, text, marks.get(name) ?? [])), excerpt(record.excerpt))),
        el("div", "answers", goldAnswer(record.gold, titles),
          record.answers.map((found, place) => modelAnswer(place, found, entry.verdicts[place], entry.outcomes[place], titles))),
      ];
    },
  };
}

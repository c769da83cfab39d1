// Texts in parts, with everybody's quotes marked where they stand: a transcript line by line, a page section by section.

/** The transcript, a line a row; `hits` are `[line, mark]`: in whose intervals it is said. */
function transcript(lines, marks, hits, unsure, { visible, who, played, highlighted }) {
  let begin = 0;
  const items = lines.map((line, at) => {
    const end = begin + line.text.length;
    const item = el("li", "", highlighted(line.text, clipped(marks, begin, end)));
    begin = end + 1;
    if (line.start === undefined || line.start === null) return item;
    const time = el("button", "time", clock(line.start));
    time.title = `${line.start} to ${line.end} s`;
    if (played) time.addEventListener("click", () => played.seek(line.start));
    else time.disabled = true;
    const within = [...new Set(hits.filter(([hit]) => hit === at).map(([, mark]) => mark))];
    const edge = el("span", "edge", within.map((mark) => el("i", mark)));
    if (within.length) edge.title = visible(`in an interval of ${within.map(who).join(", ")}`);
    item.prepend(edge, time, " ");
    if (line.confidence != null && line.confidence < unsure) {
      item.classList.add("unsure");
      item.title = `recognition was unsure: ${line.confidence}`;
    }
    return item;
  });
  played?.follow((seconds) => lines.forEach((line, at) => items[at].classList.toggle("now", line.start <= seconds && seconds < line.end)));
  const list = el("ol", "content lines", items);
  list.dir = "auto";
  return list;
}

/** Marks within a part of a text, counted from its beginning. */
function clipped(marks, begin, end) {
  return marks.filter(([start, stop]) => start < end && begin < stop)
    .map(([start, stop, mark]) => [Math.max(start, begin) - begin, Math.min(stop, end) - begin, mark]);
}

/** A page in its sections; what visitors do not see, and what models are not shown, says so. */
function sections(found, marks, highlighted) {
  let begin = 0;
  const part = (tag, name, text) => {
    const node = el(tag, name, highlighted(text, clipped(marks, begin, begin + text.length)));
    node.dir = "auto";
    begin += text.length + 1;
    return node;
  };
  return el("div", "content sections", found.map((section, at) => {
    const [title, text] = [section.title ?? "", section.text ?? ""];
    if (!title && !text) begin += 1;
    const head = title ? part("bdi", "title", title) : "";
    const chips = [section.hidden ? el("span", "chip hidden", "hidden from visitors") : "", section.shown === false ? el("span", "chip", "not shown to models") : ""];
    return el("section", section.hidden ? "hidden" : "", el("h5", "", el("small", "", `section ${at}`), head, chips), text ? part("p", "", text) : "");
  }));
}

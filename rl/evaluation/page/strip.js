// The strip: what runs in time. A recording's frames with everybody's intervals above and below, and the recording itself
// where it lies beside the page: whatever has a time then leads there when it is clicked.

/** Seconds as people read them: `4.5 s`, `1:05`, `2:00:07`. */
function clock(seconds) {
  if (seconds < 60) return `${Number(seconds.toFixed(2))} s`;
  const [whole, two] = [Math.floor(seconds), (n) => String(n).padStart(2, "0")];
  const minutes = Math.floor(whole / 60);
  return whole < 3600 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** An element from one second to another of the strip that it is in. */
function spanning(node, start, end) {
  node.style.setProperty("--start", start);
  node.style.setProperty("--end", end);
  return node;
}

/**
 * The recording of a case, where the page can play it. `seek` goes to a second, `follow(act)` calls `act` with the second
 * that it is at whenever that changes, and `measured(act)` with its length once that is known.
 */
function player(record, visible) {
  if (!record.recording) return null;
  const { kind, path } = record.recording;
  const media = el(kind);
  const node = el("div", "player", media);
  media.controls = true;
  media.preload = "metadata";
  media.src = path.map(encodeURIComponent).join("/"); // beside the page, whatever the name says
  media.addEventListener("error", () => {
    node.replaceChildren(el("p", "trouble", `this browser cannot play the ${kind}: `, el("bdi", "", visible(path.at(-1)))));
  });
  return {
    node,
    seek: (seconds) => { media.currentTime = seconds; },
    follow: (act) => ["timeupdate", "seeked"].forEach((event) => media.addEventListener(event, () => act(media.currentTime))),
    measured: (act) => media.addEventListener("loadedmetadata", () => Number.isFinite(media.duration) && act(media.duration)),
  };
}

/** Bars in as few rows as keep them apart. */
function rows(bars) {
  const found = [];
  for (const bar of [...bars].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const free = found.find((row) => row.at(-1).end <= bar.start);
    if (free) free.push(bar);
    else found.push([bar]);
  }
  return found;
}

/** At most nine marks of a scale, at round seconds. */
function scale(length) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const step = steps.find((one) => length / one <= 8) ?? Math.ceil(length / 8 / 3600) * 3600;
  return Array.from({ length: Math.floor(length / step + 1e-9) + 1 }, (_, i) => {
    const tick = spanning(el("span", "", clock(i * step)), i * step, i * step);
    tick.classList.toggle("last", i * step > 0.94 * length);
    return tick;
  });
}

/**
 * Frames in a row, each as wide as it stands, with gold's intervals above and the models' below.
 *
 * `intervals` are `{ mark, rule, start, end }`; `frames` are `{ time, label, cited, draw }`, where `draw(node)` fills in
 * the picture and `cited` says who points at it; `played` is the `player`, or null.
 */
function strip(length, frames, intervals, marks, { visible, who, played }) {
  const leading = (node, seconds) => {
    if (played) node.addEventListener("click", () => played.seek(seconds));
    else if (node.tagName === "BUTTON" && !node.classList.contains("cell")) node.disabled = true;
    return node;
  };
  const bar = ({ mark, rule, start, end }) => {
    const [from, to] = [Math.min(start, 0.99 * length), Math.min(end, length)]; // cut off where the strip ends
    const node = leading(spanning(el("button", `bar ${mark}`, el("bdi", "", visible(rule))), from, to), start);
    node.title = visible(`${who(mark)}, ${rule}: ${start} to ${end} s`);
    return node;
  };
  const lanes = (mark) => rows(intervals.filter((one) => one.mark === mark)).map((row, i) =>
    [el("span", "who", i ? "" : el("bdi", "", visible(who(mark)))), el("div", `lane ${mark}`, row.map(bar))]);
  const cells = frames.map((frame, i) => {
    const [before, after] = [frames[i - 1], frames[i + 1]].map((other) => other && (other.time + frame.time) / 2);
    const cell = leading(spanning(el("button", "cell", frame.cited.map((mark) => el("i", mark))), before ?? 0, after ?? "var(--length)"), frame.time);
    cell.title = visible(frame.label);
    frame.draw(cell);
    return cell;
  });
  const axis = el("div", "axis");
  const head = el("div", "playhead");
  const [above, below] = [marks.filter((mark) => mark === "gold"), marks.filter((mark) => mark !== "gold")];
  const node = el("div", "strip", above.map(lanes), cells.length ? [el("span"), el("div", "film", cells)] : "",
    below.map(lanes), el("span"), axis, played ? el("div", "over", head) : "");
  const measure = (seconds) => {
    node.style.setProperty("--length", seconds);
    axis.replaceChildren(...scale(seconds));
  };
  measure(length);
  played?.measured((seconds) => measure(Math.max(length, seconds)));
  played?.follow((seconds) => spanning(head, seconds, seconds));
  return node;
}

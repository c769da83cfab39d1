// Pictures of a case, small in their place and at full size, with everybody's regions over them.

/** An element of a drawing. */
function svg(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** Draws the pictures of a page; `page` is its index. */
function pictures(page, { visible, who }) {
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

  const beside = (file) => `${encodeURIComponent(page.folder)}/${file}`;

  /** Fills in a picture when its block is unpacked, and how its button enlarges it; or calls `failed` with the reason. */
  async function fill(button, shown, regions, failed) {
    const held = await block(`pictures-${Math.floor(shown.number / page.pictures_per_block)}`);
    const found = held[shown.number % page.pictures_per_block];
    if (found.trouble) return failed(el("p", "trouble", `${shown.label} cannot be shown: `, el("bdi", "", visible(found.trouble))));
    const image = el("img");
    image.alt = shown.label;
    image.src = found.file ? beside(found.file) : `data:image/webp;base64,${found.webp}`;
    button.prepend(image);
    button.enlarge = () => enlarged(shown.label, found.whole ? beside(found.whole) : image.src, regions);
  }

  /** A picture in its place. */
  function picture(shown, regions, alone) {
    const button = el("button", "picture");
    const figure = el("figure", "", button, alone ? "" : el("figcaption", "", shown.label));
    button.title = "at full size (f)";
    fill(button, shown, regions, (trouble) => button.replaceWith(trouble));
    button.addEventListener("click", () => button.enlarge?.());
    if (regions.length) button.append(boxes(regions));
    return figure;
  }

  /** A frame of the strip. Where there is a recording to go to, a click does that, and two enlarge it. */
  function frameOf(shown, record, regions, played) {
    const { time } = record.case.frames[shown.at];
    const label = `${shown.label}${played ? ": click to go there, twice for full size (f)" : ", at full size (f)"}`;
    return {
      time,
      label,
      cited: [...new Set(regions.map(([mark]) => mark))],
      draw(cell) {
        fill(cell, shown, regions, (trouble) => cell.append(trouble));
        cell.addEventListener(played ? "dblclick" : "click", () => cell.enlarge?.());
      },
    };
  }

  /** A picture at full size, with its regions; Escape closes it. */
  function enlarged(label, source, regions) {
    const image = el("img");
    const missing = el("p", "trouble");
    image.alt = label;
    image.addEventListener("error", () => { missing.textContent = `not beside this page: ${visible(decodeURIComponent(source))}`; });
    image.src = source;
    $("#zoom div").replaceChildren(el("div", "whole", image, regions.length ? boxes(regions) : ""), missing);
    $("#zoom").showModal();
  }

  return { picture, frameOf };
}

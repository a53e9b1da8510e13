"use strict";
// Figures as SVG and PNG, the tables behind them as CSV: made from what the page shows, handed over by Blob URLs.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const FORMULA = /^[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\u2212]/; // as in rating sheets
  const RAISED = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  const LOOK = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "paint-order", "font-size", "font-weight", "font-style"];
  const GAP = 24;
  const MOST_PIXELS = 12000; // of a side; browsers draw no larger picture
  const status = document.createElement("p");
  status.className = "alt";
  status.setAttribute("role", "status");
  document.body.append(status);

  // What a spreadsheet gets
  const numeral = (text) => {
    const plain = text.replaceAll("\u2212", "-").replace(/^\+/, "");
    const power = plain.match(/^(-?[\d.]+) ?\u00d7 ?10([\u207b\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+)$/);
    if (power) return power[1] + "e" + [...power[2]].map((sign) => RAISED.includes(sign) ? RAISED.indexOf(sign) : "-").join("");
    return /^-?(\d[\d,]*(\.\d+)?|\.\d+)$/.test(plain) ? plain.replaceAll(",", "") : null;
  };
  const numerals = (text) => {
    if (text === "\u2013" || text === "") return [];
    const bounds = text.match(/^\[(.+), (.+)\]$/);
    const apart = () => text.replaceAll(" \u00d7 ", "\u00d7").split(" ");
    const found = (bounds ? bounds.slice(1) : apart()).map((part) => part === "\u2013" ? "" : numeral(part));
    return found.includes(null) ? null : found;
  };
  const cell = (text) => {
    const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
    const safe = numeral(line) ?? (line === "\u2013" ? "" : FORMULA.test(line) ? "'" + line : line);
    return /[",;]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  // An interval becomes two columns and a list of seeds one column each: two numbers in a cell are neither.
  const columns = (name, cells) => {
    const parts = cells.map(numerals);
    const most = parts.includes(null) ? 1 : Math.max(1, ...parts.map((part) => part.length));
    if (most === 1) return [[name, ...cells].map(cell)];
    const bounds = cells.some((text) => text.startsWith("["));
    const names = bounds ? [name + " low", name + " high"] : [...Array(most).keys()].map((place) => name.replace(/s$/, "") + " " + place);
    return names.map((title, place) => [cell(title), ...parts.map((part) => part[place] ?? "")]);
  };
  const texts = (row) => [...row.cells].filter((one) => !one.classList.contains("bars")).map((one) => one.textContent);
  const csv = (table) => {
    const heads = texts(table.tHead.rows[0]);
    const rows = [...table.tBodies].flatMap((body) => {
      const group = body.querySelector(".group")?.textContent.split(" words:").slice(0, 1) ?? [];
      return [...body.querySelectorAll("tr:not(.group)")].map((row) => [...texts(row), ...group]);
    });
    if (rows[0]?.length > heads.length) heads.push("kind");
    const all = heads.flatMap((name, place) => columns(name, rows.map((row) => row[place])));
    return "\ufeff" + all[0].map((_, line) => all.map((column) => column[line]).join(",")).join("\r\n") + "\r\n";
  };

  // What a picture gets: every colour and size written beside its mark, so that no style sheet is needed
  const draw = (name, attributes, ...children) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const standalone = (source, attributes) => {
    const copy = source.cloneNode(true);
    const pairs = [source, ...source.querySelectorAll("*")].map((node, place) => [node, [copy, ...copy.querySelectorAll("*")][place]]);
    for (const [node, twin] of pairs) {
      const style = getComputedStyle(node);
      if (style.display === "none") { twin.remove(); continue; }
      if (!node.firstElementChild) for (const key of LOOK) twin.setAttribute(key, style.getPropertyValue(key));
      if (node.dataset.tip) twin.prepend(draw("title", {}, node.dataset.tip));
      for (const key of ["class", "data-tip"]) twin.removeAttribute(key);
    }
    for (const [key, value] of Object.entries(attributes)) copy.setAttribute(key, value);
    return copy;
  };
  const write = (text, x, y, size, extra) => draw("text", { x, y, "font-size": size, fill: "#1d2126", ...extra }, text);
  const sheet = (width, height, label, parts) => draw(
    "svg", { xmlns: SVG, viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, "font-family": "system-ui, sans-serif" },
    draw("rect", { width, height, fill: "#ffffff" }), ...parts);
  const sizes = (svg) => [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height];
  const inks = (figure) => {
    const panels = [...figure.querySelectorAll(".panel:not([hidden]) svg")];
    const abreast = Math.min(panels.length, +(figure.querySelector(".panels").className.match(/columns-(\d)/) || [0, 2])[1]);
    const group = figure.querySelector(".figure-head select")?.value;
    const [title, legend] = [figure.querySelector("h3").textContent, [...figure.querySelectorAll(".legend li")]];
    const parts = [write(group ? `${title} \u00b7 ${group}` : title, GAP, 34, 16, { "font-weight": 650 })];
    let y = 46;
    for (const entry of legend) {
      parts.push(standalone(entry.querySelector("svg"), { x: GAP, y }), write(entry.textContent.trim(), GAP + 34, y + 11, 12));
      y += 18;
    }
    const wide = Math.max(...panels.map((panel) => sizes(panel)[0]));
    y += 12;
    for (let first = 0; first < panels.length; first += abreast) {
      const line = panels.slice(first, first + abreast);
      line.forEach((panel, place) => parts.push(standalone(panel, { x: GAP + place * (wide + GAP), y })));
      y += Math.max(...line.map((panel) => sizes(panel)[1])) + GAP;
    }
    return sheet(Math.max(480, GAP + abreast * (wide + GAP)), y, figure.querySelector(".alt").textContent, parts);
  };
  const bars = (view) => {
    const chosen = [...document.querySelectorAll(`[data-names=${view.id}] select`)].slice(0, 2).map((select) => select.selectedOptions[0].textContent);
    const parts = [write(view.querySelector(".stem").textContent, GAP, 34, 16, { "font-weight": 650 }), write([...chosen, view.querySelector(".caption").textContent].join(", "), GAP, 54, 12)];
    let y = 84;
    for (const row of view.querySelectorAll("tr")) {
      const [word, drawing, ...numbers] = row.cells;
      const bold = row.querySelector("td") ? {} : { "font-weight": 650, fill: getComputedStyle(word).color };
      parts.push(write(word.textContent, GAP, y, 12, bold));
      if (drawing && !drawing.firstElementChild) parts.push(write(drawing.textContent, 180, y, 12, bold));
      if (drawing?.firstElementChild) parts.push(standalone(drawing.firstElementChild, { x: 180, y: y - 12, width: 320, height: 17 }));
      numbers.forEach((one, place) => parts.push(write(one.textContent, 570 + 70 * place + 30 * (place === 2), y, 12, { ...bold, "text-anchor": "end" })));
      y += 22;
    }
    return sheet(780, y, "Next words before and after", parts);
  };
  const picture = (node) => {
    const root = document.documentElement;
    root.classList.add("light"); // a picture goes onto paper, whatever the screen is set to
    try {
      return node.matches("figure") ? inks(node) : bars(node);
    } finally {
      root.classList.remove("light");
    }
  };
  const code = (svg) => new XMLSerializer().serializeToString(svg);
  const pixels = async (svg) => {
    const [width, height] = ["width", "height"].map((key) => +svg.getAttribute(key));
    const scale = Math.min(2, MOST_PIXELS / Math.max(width, height));
    const image = new Image();
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(code(svg));
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  };

  const MAKERS = {
    SVG: async (node) => new Blob([code(picture(node))], { type: "image/svg+xml" }),
    PNG: async (node) => pixels(picture(node)),
    CSV: async (node) => new Blob([csv(node.querySelector("table"))], { type: "text/csv" }),
  };
  const save = async (node, kind) => {
    const chosen = [...node.querySelectorAll(".figure-head select"), ...document.querySelectorAll(`[data-names=${node.id}] select`)].map((select) => select.value);
    const name = [node.id.replace("figure-", ""), ...(kind === "CSV" && node.matches("figure") ? [] : chosen)].join("-").replace(/[^\p{L}\p{N}.-]+/gu, "_").slice(0, 90);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await MAKERS[kind](node));
    link.download = `${name}.${kind.toLowerCase()}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    status.textContent = "Saved " + link.download;
  };
  for (const node of document.querySelectorAll("main figure, #figure-next-words")) {
    const title = node.querySelector("h3")?.textContent ?? node.getAttribute("aria-label");
    const line = document.createElement("p");
    line.className = "save";
    line.append("Save as ");
    for (const kind of Object.keys(MAKERS)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = kind;
      button.setAttribute("aria-label", `${kind}: ${title}`);
      button.addEventListener("click", () => save(node, kind).catch((error) => { status.textContent = `${kind} could not be made: ${error.message}`; }));
      line.append(button);
    }
    (node.querySelector("details") ?? node.lastElementChild).before(line);
  }
})();

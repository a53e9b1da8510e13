"use strict";
// Everything generated is written with textContent, so that no text of a model can become markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const read = (id) => { const node = byId(id); return node ? JSON.parse(node.textContent) : null; };
  const make = (name, className, text) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const draw = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const minus = (text) => text.replace("-", "\u2212");
  const percent = (p) => p === null ? "\u2013" : p >= 0.1 ? (100 * p).toFixed(0) + "%" : p >= 0.001 ? (100 * p).toFixed(1) + "%" : "< 0.1%";
  const millibits = (x) => x === null ? "\u2013" : (x > 0 ? "+" : "") + minus((1000 * x).toFixed(Math.abs(x) < 0.001 ? 2 : 1));

  // Panels of one model at a time
  for (const select of document.querySelectorAll("select[data-groups]")) {
    const panels = byId(select.dataset.groups).querySelectorAll("[data-group]");
    const show = () => panels.forEach((panel) => { panel.hidden = panel.dataset.group !== select.value; });
    select.addEventListener("change", show);
    show();
  }
  for (const box of document.querySelectorAll("input[data-optional]")) {
    const show = () => byId(box.dataset.optional).classList.toggle("show-optional", box.checked);
    box.addEventListener("change", show);
    show();
  }

  // Hover: the words stand in the tables too
  const tip = byId("tip");
  const point = (event) => {
    const target = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
    tip.hidden = !target;
    if (!target) return;
    tip.textContent = target.getAttribute("data-tip");
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(event.clientX + 12, innerWidth - width - 12)) + "px";
    tip.style.top = (event.clientY + height + 24 > innerHeight ? event.clientY - height - 12 : event.clientY + 16) + "px";
  };
  for (const kind of ["pointermove", "pointerdown"]) document.addEventListener(kind, point);
  document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

  // Where the reader is
  const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
  const sections = [...document.querySelectorAll("main > section")];
  const locate = () => {
    const here = sections.filter((section) => section.getBoundingClientRect().top < innerHeight * 0.35).pop() || sections[0];
    for (const [id, link] of links) {
      if (id !== here.id) link.removeAttribute("aria-current");
      else if (!link.hasAttribute("aria-current")) {
        link.setAttribute("aria-current", "true");
        const list = link.closest("ol");
        if (list.scrollWidth > list.clientWidth) list.scrollLeft = link.offsetLeft - 40;
      }
    }
  };
  document.addEventListener("scroll", locate, { passive: true });
  locate();

  // A short word for screen readers instead of the whole table
  const announce = (id, selects) => {
    byId(id).textContent = "Showing " + selects.map((select) => select.selectedOptions[0].textContent).join(", ");
  };

  // Next words
  const bars = (before, after, most) => {
    const svg = draw("svg", { "aria-hidden": "true" });
    svg.append(draw("rect", { x: 0, y: 1, height: 6, width: (100 * (before || 0)) / most + "%", class: "before" }));
    svg.append(draw("rect", { x: 0, y: 9, height: 7, width: (100 * (after || 0)) / most + "%", class: "after" }));
    return svg;
  };
  const wordRow = ([word, , before, after, share], tone, most) => {
    const row = make("tr");
    const head = make("th", "", word.trim() || JSON.stringify(word));
    head.scope = "row";
    const drawing = make("td", "bars t-" + tone);
    drawing.append(bars(before, after, most));
    row.append(head, drawing, make("td", "n num", percent(before)), make("td", "n num", percent(after)), make("td", "n", millibits(share)));
    row.dataset.tip = `${word.trim()}: ${percent(before)} before, ${percent(after)} after, ${millibits(share)} millibits`;
    return row;
  };
  const headRow = () => {
    const row = make("tr");
    for (const [className, text] of [["word", "next word"], ["bars", "before (grey) and after"], ["n num", "before"], ["n num", "after"], ["n jsd", "adds, millibits"]]) {
      const cell = make("th", className, text);
      cell.scope = "col";
      row.append(cell);
    }
    return row;
  };
  const wordTable = (record, tones) => {
    const table = make("table");
    const head = make("thead");
    head.append(headRow());
    table.append(head);
    const most = Math.max(1e-6, ...record.words.map((word) => Math.max(word[2] || 0, word[3] || 0)));
    for (const name of [...new Set(record.words.map((word) => word[1]))]) {
      const body = make("tbody");
      const words = record.words.filter((word) => word[1] === name);
      const sum = (place) => words.reduce((total, word) => total + (word[place] || 0), 0);
      const title = make("tr", "group");
      const cell = make("th", "t-" + (tones[name] || "other"), `${name || "other"} words: ${percent(sum(2))} before, ${percent(sum(3))} after`);
      cell.colSpan = 5;
      cell.scope = "rowgroup";
      title.append(cell);
      body.append(title, ...words.map((word) => wordRow(word, tones[name] || "other", most)));
      table.append(body);
    }
    return table;
  };
  const next = read("next-token-data");
  if (next) {
    const [model, arm, stem] = ["nt-model", "nt-arm", "nt-stem"].map(byId);
    const show = () => {
      const found = next.records.find((row) => row.model === model.value && row.arm === arm.value && row.key === stem.value);
      if (!found) {
        byId("nt-view").replaceChildren(make("p", "absent-note", "This stem was not measured for this model and arm."));
        return;
      }
      const seed = found.seed === "mean" ? "mean over training seeds" : "training seed " + found.seed;
      const note = found.jsd === null ? seed : `${seed}; divergence on this stem ${(1000 * found.jsd).toFixed(1)} millibits`;
      byId("nt-view").replaceChildren(make("p", "stem", found.stem + " \u2026"), make("p", "caption", note), wordTable(found, next.tones));
    };
    [model, arm, stem].forEach((select) => select.addEventListener("change", () => {
      show();
      announce("nt-status", [model, arm, stem]);
    }));
    show();
  }

  // Completions
  const column = (cell, wanted) => {
    const box = make("div");
    const kept = cell.texts.filter(([seed]) => seed < 0 || wanted === "" || String(seed) === wanted);
    const flagged = cell.flagged ? `, ${cell.flagged} flagged and not shown` : "";
    box.append(make("h4", "t-" + cell.tone, cell.title), make("p", "count", `${kept.length} of ${cell.total}${flagged}`));
    const list = make("ul");
    list.tabIndex = 0;
    list.setAttribute("aria-label", "Completions of " + cell.title);
    for (const [seed, text, greedy] of kept) {
      const item = make("li");
      item.append(make("span", "seed", (seed < 0 ? "untrained" : "seed " + seed) + (greedy ? ", likeliest words" : "")), document.createTextNode("\u2026" + text));
      list.append(item);
    }
    box.append(list);
    return box;
  };
  const texts = read("completions-data");
  if (texts) {
    const [model, prompt, arm, seed] = ["co-model", "co-prompt", "co-arm", "co-seed"].map(byId);
    const show = () => {
      const found = texts.cells.filter((cell) => cell.model === model.value && cell.prompt === prompt.value && (arm.value === "" || cell.arm === arm.value));
      const none = make("p", "absent-note", "No completion was sampled for this choice.");
      byId("co-view").replaceChildren(...(found.length ? found.map((cell) => column(cell, seed.value)) : [none]));
    };
    [model, prompt, arm, seed].forEach((select) => select.addEventListener("change", () => {
      show();
      announce("co-status", [model, prompt, arm, seed]);
    }));
    show();
  }
})();

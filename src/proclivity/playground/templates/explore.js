"use strict";
// Everything that comes from a model is written with textContent, so that no text of a model can become markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const about = JSON.parse(byId("about").textContent);
  const make = (name, className, ...inside) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...inside.map((part) => part instanceof Node ? part : String(part)));
    return node;
  };
  const draw = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const cell = (name, className, text, scope) => {
    const node = make(name, className, text);
    if (scope) node.scope = scope;
    return node;
  };
  const minus = (text) => text.replace("-", "\u2212");
  const percent = (p) => p >= 0.1 ? (100 * p).toFixed(0) + "%" : p >= 0.001 ? (100 * p).toFixed(1) + "%" : "< 0.1%";
  const millibits = (x, sign) => {
    const text = minus((1000 * x).toFixed(Math.abs(x) < 0.001 ? 2 : 1));
    return (sign && x > 0 && Number((1000 * x).toFixed(2)) !== 0 ? "+" : "") + text.replace(/^\u2212(0\.?0*)$/, "$1");
  };
  const bits = (x) => x !== 0 && x < 0.0001 ? "< 0.0001" : x.toFixed(4);
  const piece = (text) => {
    if (!text.trim()) return text ? JSON.stringify(text) : "(no letters)";
    return /^[\p{L}\p{N}]/u.test(text) ? "\u2010" + text : text.trim();
  };

  // What is asked
  const form = byId("ask"), prompt = byId("prompt"), answers = byId("answers");
  const model = () => about.models.find((entry) => entry.name === byId("model").value);
  const unticked = new Set();
  const chosen = () => model().arms.filter((arm) => arm.always || !unticked.has(arm.arm));
  const listArms = () => {
    const boxes = model().arms.filter((arm) => !arm.always).map((arm) => {
      const box = make("input");
      box.type = "checkbox";
      box.checked = !unticked.has(arm.arm);
      box.addEventListener("change", () => {
        if (box.checked) unticked.delete(arm.arm); else unticked.add(arm.arm);
        again();
      });
      return make("label", "", box, arm.title);
    });
    byId("arms").replaceChildren(byId("arms").querySelector("legend"), ...boxes);
    byId("arms").hidden = !boxes.length;
  };
  const question = () => ({
    model: byId("model").value,
    seed: Number(byId("seed").value),
    prompt: prompt.value,
    samples: Number(byId("samples").value),
    tokens: Number(byId("tokens").value),
    sample_seed: Number(byId("sample-seed").value),
  });

  // Answers, one request an arm; what was answered once is kept, since the same question has the same answer
  const known = new Map();
  const ask = async (asked, signal) => {
    const key = JSON.stringify(asked);
    if (known.has(key)) return known.get(key);
    let response;
    try {
      response = await fetch("/answer", { method: "POST", headers: { "Content-Type": "application/json" }, body: key, signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("The server doesn\u2019t answer. It has ended or is stuck: start proclivity explore again and reload this page.");
    }
    const found = await response.json().catch(() => ({ error: "The server\u2019s answer can\u2019t be read." }));
    if (!response.ok) throw new Error(found.error || "The server refused the question.");
    if (known.size > 300) known.delete(known.keys().next().value);
    known.set(key, found);
    return found;
  };

  // How an answer looks
  const bars = (word, tone, most, isBase) => {
    const svg = draw("svg", { "aria-hidden": "true" });
    const bar = (y, height, p, className) => svg.append(draw("rect", { x: 0, y, height, width: 100 * Math.min(1, p / most) + "%", class: className }));
    if (!isBase) bar(1, 5, word.base, "before");
    bar(isBase ? 4 : 7, isBase ? 8 : 7, word.p, "after");
    return make("td", "bars t-" + tone, svg);
  };
  const numbers = (word, isBase, sign) => (isBase ? [percent(word.p)] : [percent(word.base), percent(word.p), millibits(word.bits, sign)]).map((text) => cell("td", "n", text));
  const wordTable = (found, arm, most) => {
    const isBase = arm.arm === "base", head = make("tr", ""), body = make("tbody", "");
    for (const text of ["word", "", ...(isBase ? ["base"] : ["base", "arm", "adds"])]) head.append(cell("th", text && text !== "word" ? "n" : "", text, "col"));
    found.words.forEach((word, place) => {
      const name = cell("th", "", piece(word.text), "row");
      name.title = JSON.stringify(word.text);
      const first = word.fallen && !found.words[place - 1]?.fallen;
      body.append(make("tr", first ? "apart" : "", name, bars(word, arm.tone, most, isBase), ...numbers(word, isBase, true)));
    });
    body.append(make("tr", "apart others", cell("th", "", "all others", "row"), make("td", ""), ...numbers(found.others, isBase, false)));
    const note = found.flagged ? [make("p", "flagged", `${found.flagged} next words not listed: with the prompt they mention self-harm.`)] : [];
    const box = make("div", "words", make("h3", "", "Next words"), make("table", "", make("thead", "", head), body), ...note);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Next words of " + arm.title);
    return box;
  };
  const texts = (found, asked) => {
    const nodes = make("div", "texts");
    for (const { sample, text, flagged } of found.texts) {
      if (flagged) continue;
      const line = make("p", "text", make("span", "prompt", asked.prompt.trimEnd()), text || " \u2026 (ends here)");
      nodes.append(make("h3", "", sample < 0 ? "Likeliest words (greedy)" : "Sample " + (sample + 1)), line);
    }
    const hidden = found.texts.filter((text) => text.flagged).length;
    if (hidden) nodes.append(make("p", "flagged", `${hidden} of ${found.texts.length} texts not shown: self-harm is mentioned.`));
    return nodes;
  };
  const which = (arm, seed) => arm.seeds[0] < 0 ? "" : "seed " + seed;
  const heading = (arm, said) => {
    const title = make("h2", "", arm.title, make("span", "which", said));
    title.id = "arm-" + model().arms.indexOf(arm);
    return title;
  };
  const fill = (card, arm, found, asked, most) => {
    const own = arm.arm === "base" ? ["The others are measured from here."] : ["JSD from base ", make("strong", "", bits(found.jsd)), " bits"];
    card.replaceChildren(
      heading(arm, which(arm, found.seed)), make("p", "meaning", arm.meaning), make("p", "jsd", ...own),
      texts(found, asked), wordTable(found, arm, most),
    );
  };
  const distance = (arms, done) => {
    const compared = arms.filter((arm) => arm.arm !== "base");
    const jsd = (arm) => done.find((entry) => entry.arm === arm)?.found.jsd;
    const most = Math.max(1e-9, ...compared.map((arm) => jsd(arm) || 0));
    byId("distance-rows").replaceChildren(...compared.map((arm) => {
      const x = jsd(arm), svg = draw("svg", { "aria-hidden": "true" });
      svg.append(draw("rect", { x: 0, y: 2, height: 8, width: (100 * (x || 0)) / most + "%" }));
      return make("tr", "", cell("th", "", arm.title, "row"), make("td", "bars t-" + arm.tone, svg), cell("td", "n", x === undefined ? "\u2013" : bits(x)));
    }));
  };

  // One question at a time; a new one ends the one before it
  let running = new AbortController();
  const say = (text) => { byId("status").textContent = text; };
  const fault = (text) => { byId("fault").textContent = text; byId("fault").hidden = !text; };
  const hide = (hidden) => { for (const id of ["distances", "answers", "legend"]) byId(id).hidden = hidden; };
  const begin = (arms) => {
    const cards = arms.map((arm) => {
      const card = make("article", "arm t-" + arm.tone, heading(arm, ""), make("p", "waiting", "Waits for its turn \u2026"));
      card.setAttribute("aria-labelledby", card.firstChild.id);
      card.dataset.arm = arm.arm;
      return card;
    });
    answers.replaceChildren(...cards);
    hide(false);
    distance(arms, []);
    fault("");
    return cards;
  };
  const run = async () => {
    running.abort();
    const { signal } = running = new AbortController();
    const asked = question(), arms = chosen(), cards = begin(arms), done = [], failed = [];
    const show = () => {
      const most = Math.max(1e-6, ...done.flatMap(({ found }) => found.words.flatMap((word) => [word.p, word.base])));
      done.forEach(({ arm, card, found }) => fill(card, arm, found, asked, most));
      distance(arms, done);
    };
    for (const [place, arm] of arms.entries()) {
      const card = cards[place], began = Date.now();
      const wait = () => {
        const seconds = Math.round((Date.now() - began) / 1000);
        card.lastChild.textContent = seconds < 2 ? "Computes \u2026" : `Loads its weights and computes \u2026 ${seconds} s`;
      };
      say(`${arm.title} is being asked, ${place + 1} of ${arms.length} \u2026`);
      card.setAttribute("aria-busy", "true");
      wait();
      const clock = setInterval(wait, 1000);
      try {
        done.push({ arm, card, found: await ask({ ...asked, arm: arm.arm }, signal) });
        if (!signal.aborted) show();
      } catch (error) {
        if (signal.aborted) return;
        failed.push(arm);
        card.replaceChildren(heading(arm, ""), make("p", "fault", error.message));
        if (!done.length) { // what is wrong with the first is wrong with all
          fault(error.message);
          hide(true);
          say("");
          return;
        }
      } finally {
        clearInterval(clock);
        card.removeAttribute("aria-busy");
      }
      if (signal.aborted) return;
    }
    say(failed.length ? `${done.length} of ${arms.length} arms have answered.` : `All ${arms.length} arms have answered.`);
  };
  let wasAsked = false;
  const again = () => { if (wasAsked && form.checkValidity() && prompt.value.trim()) run(); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!prompt.value.trim()) { fault("The prompt is empty; give the beginning of a sentence."); return; }
    wasAsked = true;
    run();
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  for (const button of form.querySelectorAll(".example")) {
    button.addEventListener("click", () => { prompt.value = button.textContent; form.requestSubmit(); });
  }
  byId("model").addEventListener("change", () => { listArms(); again(); });
  for (const id of ["seed", "samples", "tokens", "sample-seed"]) byId(id).addEventListener("change", again);
  listArms();
  prompt.focus();
})();

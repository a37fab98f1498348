// Steps among citations, finds words, and fetches the rest of a long document once its place is on the screen.
"use strict";
(() => {
  // The way back leads to the conversation that the document was opened from.
  const home = document.querySelector("a.home");
  if (document.referrer.startsWith(`${home.href}?c=`)) home.href = document.referrer;

  const article = document.querySelector("#text");
  if (!article) return step();
  const RUN = 64; // parts that are fetched together
  const MOST = 10_000; // matches that are counted
  const PAINTED = 2000; // matches that are highlighted at a time
  const main = document.querySelector("main");
  const form = document.querySelector("#find");
  const field = form.elements.words;
  const count = form.querySelector("output");
  const trouble = document.querySelector(".alert[data-lost]");
  const parts = [...article.children];
  const highlights = globalThis.CSS?.highlights && globalThis.Highlight ? CSS.highlights : null;
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  // The rest of the document

  let loading = null;

  function load() {
    loading ??= rest().catch((error) => {
      loading = null;
      trouble.firstElementChild.textContent = error.outdated ? trouble.dataset.outdated : trouble.dataset.lost;
      trouble.querySelector("button").hidden = Boolean(error.outdated);
      trouble.hidden = false;
    });
    return loading;
  }

  async function rest() {
    for (let first = nextWaiting(); first >= 0; first = nextWaiting()) {
      let last = first;
      while (last + 1 < Math.min(parts.length, first + RUN) && isWaiting(parts[last + 1])) last++;
      const query = new URLSearchParams({ version: article.dataset.version, first, last });
      const response = await fetch(`${location.pathname}?${query}`);
      if (!response.ok) throw Object.assign(new Error("no text"), { outdated: response.status === 409 });
      (await response.json()).forEach((html, number) => fill(parts[first + number], html));
    }
    trouble.hidden = true;
  }

  const isWaiting = (part) => part.classList.contains("waiting");

  function fill(part, html) {
    part.innerHTML = html; // the server has escaped it
    part.dir = "auto";
    part.classList.remove("waiting");
  }

  // The part that is waiting nearest to what is seen.
  function nextWaiting() {
    const seen = firstSeen();
    for (let by = 0; by < parts.length; by++) {
      if (parts[seen + by] && isWaiting(parts[seen + by])) return seen + by;
      if (parts[seen - by] && isWaiting(parts[seen - by])) return start(seen - by);
    }
    return -1;
  }

  function start(last) {
    let first = last;
    while (first > 0 && last - first + 1 < RUN && isWaiting(parts[first - 1])) first--;
    return first;
  }

  function firstSeen() {
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (parts[middle].getBoundingClientRect().bottom > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  // Scrolling: what is not laid out yet has only a guessed height, so the place is looked for again once it is

  let bringing = 0; // counts up, so that what was overtaken, by the reader above all, ends

  async function bring(element, box = () => element.getBoundingClientRect()) {
    const own = ++bringing;
    const off = () => box().top - innerHeight * 0.3;
    element.scrollIntoView({ block: "start", behavior: "instant" });
    scrollBy({ top: off(), behavior: "instant" }); // at once: whoever taps before the next frame is there already
    for (let tries = 0; tries < 8; tries++) {
      await frame();
      if (own !== bringing || Math.abs(off()) < 2) return;
      scrollBy({ top: off(), behavior: "instant" });
    }
  }

  for (const input of ["pointerdown", "touchstart", "wheel", "keydown"])
    addEventListener(input, () => bringing++, { capture: true, passive: true });

  // Citations

  const sections = [...document.querySelectorAll("section.citation")];
  const shown = () => sections.find((section) => !section.hidden);

  function step() {
    document.addEventListener("keydown", (event) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const relation = { ArrowUp: "prev", ArrowDown: "next" }[event.key];
      const link = relation && document.querySelector(`section.citation:not([hidden]) [rel=${relation}], .problem [rel=${relation}]`);
      if (relation && document.querySelector(".steps")) event.preventDefault();
      link?.click();
    });
  }

  function show(number, from) {
    const before = shown();
    sections.forEach((section) => (section.hidden = section.dataset.number !== number));
    mark(number);
    document.querySelectorAll("nav.cited a").forEach((link) => {
      if (link.dataset.here === number) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    history.replaceState(null, "", from.href);
    if (before?.contains(from) || before?.contains(document.activeElement)) keepFocus(shown(), from.rel);
    if (main.dataset.view) document.dispatchEvent(new CustomEvent("cited", { detail: number }));
    if (isText()) bring(anchorOf(number));
  }

  const isText = () => main.dataset.view !== "page";
  const anchorOf = (number) => article.querySelector(`.anchor[data-cite="${number}"]`);

  function keepFocus(section, relation) {
    (section.querySelector(`[rel=${relation}]`) ?? section.querySelector(".steps a.step"))?.focus({ preventScroll: true });
  }

  function mark(number) {
    for (const each of article.querySelectorAll("mark"))
      each.classList.toggle("current", each.dataset.cites.split(" ").includes(number));
    for (const each of article.querySelectorAll(".anchor")) each.classList.toggle("current", each.dataset.cite === number);
  }

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-here]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.dataset.here, link);
  });

  // Finding

  let matches = []; // {part, start, end} in the order of the text
  let byPart = new Map();
  let current = -1;
  let search = 0; // counts up, so that a search that was overtaken ends
  const near = new Set(); // parts on the screen or almost
  const found = highlights && new Highlight();
  const chosen = highlights && new Highlight();
  if (highlights) {
    chosen.priority = 1;
    highlights.set("found", found);
    highlights.set("chosen", chosen);
  }

  function pattern(words) {
    const escaped = words.normalize("NFC").trim().split(/\s+/u).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"));
    return new RegExp(escaped.join("\\s+"), "giu");
  }

  async function find() {
    const own = ++search;
    const words = field.value;
    matches = [];
    byPart = new Map();
    choose(-1);
    if (!words.trim()) return tell();
    if (!isText()) document.dispatchEvent(new CustomEvent("finding")); // what is found is shown in the text
    if (parts.some(isWaiting)) {
      count.textContent = main.dataset.loading;
      await load();
    }
    if (own !== search) return;
    const wanted = pattern(words);
    for (const part of parts) {
      for (const match of part.textContent.matchAll(wanted)) {
        const each = { part, start: match.index, end: match.index + match[0].length };
        if (matches.push(each) === 1 || matches.at(-2).part !== part) byPart.set(part, []);
        byPart.get(part).push(each);
        if (matches.length === MOST) break;
      }
      if (matches.length === MOST) break;
    }
    paint();
    choose(matches.length ? firstMatch() : -1);
  }

  // The first match that is not above what is seen.
  function firstMatch() {
    const seen = firstSeen();
    const from = matches.findIndex((match) => parts.indexOf(match.part) >= seen);
    if (from < 0) return 0;
    let number = from;
    while (number < matches.length && matches[number].part === parts[seen] && range(matches[number]).getBoundingClientRect().bottom < 0)
      number++;
    return number % matches.length;
  }

  function range({ part, start, end }) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    const result = document.createRange();
    let before = 0;
    for (let node = walker.nextNode(); node; before += node.length, node = walker.nextNode()) {
      if (start >= before && start < before + node.length) result.setStart(node, start - before);
      if (end > before && end <= before + node.length) {
        result.setEnd(node, end - before);
        break;
      }
    }
    return result;
  }

  function paint() {
    if (!highlights) return;
    found.clear();
    for (const part of near)
      for (const match of byPart.get(part) ?? []) if (found.size < PAINTED) found.add(range(match));
  }

  function choose(number) {
    current = number;
    unwrap();
    chosen?.clear();
    tell();
    if (number < 0) return paint();
    let place = range(matches[number]);
    const element = place.startContainer.parentElement;
    if (highlights) chosen.add(place);
    else place = wrap(place);
    bring(element, () => place.getBoundingClientRect());
  }

  // Where a browser cannot highlight a range, the chosen match is wrapped in elements for as long as it is chosen.
  function wrap(place) {
    const nodes = [];
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    walker.currentNode = place.startContainer;
    for (let node = place.startContainer; node; node = node === place.endContainer ? null : walker.nextNode()) nodes.push(node);
    const { startOffset, endOffset, endContainer } = place;
    const wraps = nodes.map((node, number) => {
      const piece = document.createRange();
      piece.setStart(node, number ? 0 : startOffset);
      piece.setEnd(node, node === endContainer ? endOffset : node.length);
      const element = Object.assign(document.createElement("span"), { className: "chosen" });
      piece.surroundContents(element);
      return element;
    });
    return wraps[0];
  }

  function unwrap() {
    for (const element of article.querySelectorAll("span.chosen")) {
      const parent = element.parentNode;
      element.replaceWith(...element.childNodes);
      parent.normalize();
    }
  }

  const foundAt = () => (current < 0 ? NaN : range(matches[current]).getBoundingClientRect().top);

  function tell() {
    const words = field.value.trim();
    const all = matches.length === MOST ? `${MOST}+` : matches.length;
    const numbers = [current + 1, all];
    count.textContent = matches.length ? main.dataset.found.replace(/\{\}/g, () => numbers.shift()) : words ? main.dataset.none : "";
    form.classList.toggle("none", Boolean(words) && !matches.length);
    form.querySelectorAll("button").forEach((button) => (button.disabled = !matches.length));
  }

  function move(by) {
    if (matches.length) choose((current + by + matches.length) % matches.length);
  }

  let timer = 0; // 0 when what stands in the field has been looked for

  function findNow() {
    clearTimeout(timer);
    timer = 0;
    find();
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(findNow, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector(".previous").addEventListener("click", () => move(-1));
  form.querySelector(".next").addEventListener("click", () => move(1));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (timer) findNow();
      else move(event.shiftKey ? -1 : 1);
    }
    if (event.key === "Escape") {
      event.preventDefault();
      field.value = "";
      findNow();
      article.focus({ preventScroll: true });
    }
  });

  // Once everything is there

  step();
  const opened = shown()?.dataset.number;
  const anchor = opened && anchorOf(opened);
  const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  if (opened) mark(opened);
  if (anchor && isNew && isText()) bring(anchor);
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) near[isIntersecting ? "add" : "delete"](target);
      if (matches.length) paint();
    },
    { rootMargin: "50%" },
  );
  parts.forEach((part) => observer.observe(part));
  trouble.querySelector("button").addEventListener("click", load);
  if (isText()) requestAnimationFrame(() => setTimeout(load, 200)); // after the place is on the screen
  globalThis.reading = { bring, load, anchorOf, foundAt, isNew, shown }; // for pages.js
})();

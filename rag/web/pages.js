// Shows the pages of a PDF: turns and zooms them, and keeps them at the citation that is looked at.
"use strict";
(() => {
  const ZOOMS = [1, 1.5, 2, 3, 4];
  const MARGIN = 12; // pixels beside a box
  const { bring, load, anchorOf, foundAt, isNew, shown } = globalThis.reading;
  const main = document.querySelector("main");
  const tools = main.querySelector(".tools");
  const zoomed = tools.querySelector(".zoom output");
  const page = () => main.querySelector("#page");
  const sheet = () => page().querySelector(".sheet");
  const leaf = () => page().querySelector(".leaf");
  const isPage = () => main.dataset.view === "page";
  const cited = () => shown()?.dataset.number;

  // Between page and text

  function show(view) {
    main.dataset.view = view;
    for (const link of tools.querySelectorAll(".shown-as a"))
      if (link.dataset.view === view) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    name();
  }

  // Has the address of the page name what is seen, so that it can be shared.
  function name() {
    const address = new URL(location.href);
    address.searchParams.delete("page");
    address.searchParams.delete("view");
    if (!isPage()) address.searchParams.set("view", "text");
    else if (page().dataset.number !== shown()?.dataset.page) address.searchParams.set("page", page().dataset.number);
    history.replaceState(null, "", address);
  }

  async function showText() {
    const number = page().dataset.number;
    show("text");
    if (number === shown()?.dataset.page) bring(anchorOf(cited()));
    const whole = load();
    if (number === shown()?.dataset.page) return;
    await whole;
    const place = main.querySelector(`#text .place[data-page="${number}"]`);
    if (place && !isPage()) bring(place);
  }

  async function showPage() {
    const number = seenInText();
    show("page");
    if (!leaf() || number !== page().dataset.number) await turn(number);
    if (number === shown()?.dataset.page) toBox();
    else toTop();
  }

  // The page that is read in the text: what was looked for last, the citation, or what stands where things are brought.
  function seenInText() {
    const tops = [foundAt(), anchorOf(cited())?.getBoundingClientRect().top];
    const line = tops.find((top) => top >= 0 && top < innerHeight) ?? innerHeight * 0.3;
    for (let part = partAt(line); part; part = part.previousElementSibling) {
      const places = [...part.querySelectorAll(".place[data-page]")];
      const before = places.filter((place) => part.getBoundingClientRect().bottom < line || topOf(place) <= line);
      if (before.length) return before.at(-1).dataset.page;
    }
    return page().dataset.number;
  }

  const topOf = (element) => element.getBoundingClientRect().top;

  function partAt(line) {
    const parts = main.querySelector("#text").children;
    let [low, high] = [0, parts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (topOf(parts[middle]) > line) high = middle - 1;
      else low = middle;
    }
    return parts[low];
  }

  // Turning pages

  let turning = 0; // counts up, so that a page that was overtaken is not shown

  async function turn(number) {
    const own = ++turning;
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.delete("view");
    address.searchParams.set("page", number);
    address.searchParams.set("part", "page");
    page().setAttribute("aria-busy", "true");
    const html = await fetch(address).then((response) => (response.ok ? response.text() : ""), () => "");
    if (own === turning) put(html, number);
  }

  function put(html, number) {
    const relation = document.activeElement?.closest(".turn") && (document.activeElement.rel || "input");
    const isRead = page().contains(document.activeElement);
    const fresh = document.createElement("template");
    fresh.innerHTML = html; // the server has escaped it
    const [links, picture] = [fresh.content.querySelector(".turn"), fresh.content.querySelector("#page")];
    if (picture) {
      tools.querySelector(".turn").replaceWith(links);
      page().replaceWith(picture);
    } else lose(number);
    begin();
    const kept = relation === "input" ? ".turn input" : `.turn [rel=${relation}], .turn .step[rel]`;
    if (relation) tools.querySelector(kept)?.focus({ preventScroll: true });
    else if (isRead) sheet()?.focus({ preventScroll: true });
    name();
  }

  function lose(number) {
    page().dataset.number = number;
    page().innerHTML = '<p class="alert" role="alert"><span></span> <button type="button"></button></p>';
    const again = page().querySelector("button");
    page().querySelector("span").textContent = tools.dataset.lost;
    again.textContent = document.querySelector(".alert[data-lost] button").textContent;
    again.addEventListener("click", () => turn(number));
  }

  // What a page needs once it is there.
  function begin() {
    page().removeAttribute("aria-busy");
    const picture = page().querySelector("img");
    const fail = () => lose(page().dataset.number);
    if (picture?.complete && !picture.naturalWidth) fail();
    picture?.addEventListener("error", fail);
    mark();
    zoom(0);
  }

  function mark() {
    for (const each of page().querySelectorAll("[data-cite]")) each.classList.toggle("current", each.dataset.cite === cited());
  }

  function toBox() {
    const box = page().querySelector(".box.current");
    if (!box) return toTop();
    across(box);
    bring(box);
  }

  // Where the page is wider than the column: has a box seen from its beginning.
  function across(box) {
    const [{ left, width }, outer] = [box.getBoundingClientRect(), sheet().getBoundingClientRect()];
    if (left - MARGIN >= outer.left && left + width <= outer.right) return;
    sheet().scrollLeft += left - outer.left - Math.max(MARGIN, (outer.width - width) / 2);
  }

  function toTop() {
    const isBelow = page().getBoundingClientRect().top > tools.getBoundingClientRect().bottom - 1;
    if (!isBelow) page().scrollIntoView({ block: "start", behavior: "instant" });
  }

  async function turnTo(number) {
    if (!number) return;
    await turn(number);
    toTop();
  }

  const beside = (relation) => tools.querySelector(`.turn [rel=${relation}]`)?.dataset.turn;

  // Zoom: as wide as the column, or a number of times that

  let level = 0;

  function zoom(by) {
    if (!leaf()) return;
    const [before, { x, y }] = [leaf().getBoundingClientRect(), kept()];
    level = Math.max(0, Math.min(ZOOMS.length - 1, level + by));
    leaf().style.width = `${ZOOMS[level] * 100}%`;
    page().querySelector("img").sizes = `${leaf().clientWidth}px`;
    zoomed.textContent = `${ZOOMS[level] * 100}\u00a0%`;
    for (const button of tools.querySelectorAll(".zoom button"))
      button.setAttribute("aria-disabled", String(!ZOOMS[level + Number(button.dataset.by)]));
    if (!by) return;
    const growth = leaf().getBoundingClientRect().width / before.width - 1;
    sheet().scrollLeft += (x - before.left) * growth;
    scrollBy({ top: (y - before.top) * growth, behavior: "instant" });
    const box = page().querySelector(".box.current");
    if (box && isSeen(box.getBoundingClientRect())) across(box);
  }

  const isSeen = ({ top, bottom }) => bottom > 0 && top < innerHeight;

  // The point of the window that stays where it is: in the box if that is seen, else in the middle.
  function kept() {
    const box = page().querySelector(".box.current")?.getBoundingClientRect();
    if (box && isSeen(box)) return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const { left, width } = sheet().getBoundingClientRect();
    return { x: left + width / 2, y: innerHeight / 2 };
  }

  // What is done

  document.addEventListener("cited", ({ detail }) => {
    const { page: number } = shown().dataset;
    if (!isPage()) return name();
    if (!number) return showText();
    if (number === page().dataset.number && leaf()) {
      mark();
      name();
      toBox();
    } else turn(number).then(() => detail === cited() && toBox());
  });

  document.addEventListener("finding", () => {
    show("text");
    load();
  });

  tools.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-view], a[data-turn]");
    const button = event.target.closest(".zoom button");
    if (button) zoom(Number(button.dataset.by));
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.turn) turnTo(link.dataset.turn);
    else if (link.dataset.view !== main.dataset.view) (link.dataset.view === "page" ? showPage : showText)();
  });

  tools.addEventListener("submit", (event) => {
    event.preventDefault();
    const { value } = event.target.elements.page;
    if (/^\d+$/.test(value.trim())) turnTo(value.trim());
  });

  document.addEventListener("keydown", (event) => {
    if (!isPage() || event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("input")) return;
    const isHere = page().contains(document.activeElement) || tools.contains(document.activeElement);
    const by = { "+": 1, "=": 1, "-": -1, 0: -ZOOMS.length }[event.key];
    const relation = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const isWide = sheet() && sheet().scrollWidth > sheet().clientWidth; // then these keys scroll it
    if (isHere && by) zoom(by);
    else if (relation && !isWide) turnTo(beside(relation));
    else return;
    event.preventDefault();
  });

  tools.querySelector(".zoom").hidden = false;
  begin();
  if (isPage() && isNew) toBox();
})();

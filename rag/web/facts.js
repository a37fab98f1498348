// Looks through the figures without leaving the page, waits for them to be found, and walks along the timeline.
"use strict";
(() => {
  const OFTEN = 400; // milliseconds between two looks while the figures are being found
  const TYPING = 250;
  const PATIENCE = 15_000;
  const find = (selector) => document.querySelector(selector);
  const content = find("#content");
  const tools = find("#tools");
  const trouble = find(".trouble");
  let looks = 0; // counts up, so that an answer that was overtaken is not shown

  if (!content) return; // there is no index

  function tell(message) {
    trouble.textContent = message;
    trouble.hidden = !message;
  }

  async function ask(search, known = "") {
    const address = `./facts/state?${new URLSearchParams([...new URLSearchParams(search), ["known", known]])}`;
    const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.message);
    return answer;
  }

  // While the figures are being found

  async function wait() {
    try {
      const { active, key, html, progress } = await ask(location.search, content.dataset.key);
      tell("");
      if (key === "failed") return void (content.innerHTML = html); // to open the page anew would begin it again
      if (!active && key !== content.dataset.key) return location.reload(); // with what there is to choose from
      if (progress) show(progress);
    } catch {
      tell(document.body.dataset.unreachable);
    }
    setTimeout(wait, OFTEN);
  }

  function show({ done, total, text }) {
    const bar = content.querySelector("progress");
    if (!bar) return;
    if (total && done < total) {
      bar.max = total;
      bar.value = done;
    } else bar.removeAttribute("value");
    content.querySelector(".progress").textContent = text;
  }

  if (content.dataset.key === "reading") wait();
  if (!tools) return;

  // Looking through them

  function search() {
    const filled = [...new FormData(tools)].filter(([name, value]) => value && !(name === "sort" && value === "standing"));
    return new URLSearchParams(filled).toString();
  }

  async function go(wanted, { hash = "", push = true, focus = "" } = {}) {
    const number = ++looks;
    try {
      const answer = await ask(wanted);
      if (number !== looks) return;
      tell("");
      if (answer.active) return location.reload(); // the index is another one now
      content.innerHTML = answer.html;
      content.dataset.key = answer.key;
    } catch {
      if (number === looks) tell(document.body.dataset.unreachable);
      return;
    }
    const address = `${location.pathname}${wanted && `?${wanted}`}${hash}`;
    history[push ? "pushState" : "replaceState"](null, "", address);
    begin();
    if (hash) lead(hash);
    else if (focus) content.querySelector(focus)?.focus();
    find("#announcement").textContent = content.querySelector(".totals strong, .empty")?.textContent ?? "";
  }

  // Has the form show what is asked for, at once: what is chosen before the answer is here is added to it.
  function fill(wanted) {
    const parameters = new URLSearchParams(wanted);
    for (const field of tools.elements) {
      if (field.name) field.value = parameters.get(field.name) ?? (field.name === "sort" ? "standing" : "");
    }
  }

  function lead(hash) {
    content.querySelector(".here")?.classList.remove("here");
    const row = document.getElementById(hash.slice(1));
    row?.classList.add("here");
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: row.matches(".head") ? "start" : "center" });
  }

  let typing = 0;
  tools.addEventListener("input", (event) => {
    clearTimeout(typing);
    tools.elements.group.value = "";
    const isTyped = event.target.type === "search";
    typing = setTimeout(() => go(search(), { push: false }), isTyped ? TYPING : 0);
  });
  tools.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    go(search());
  });

  content.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const address = new URL(link.getAttribute("href"), location.href); // in a picture, .href is no text
    const { hash } = address;
    if (address.search === location.search && hash) {
      history.replaceState(null, "", address);
      return lead(hash);
    }
    const sorted = link.dataset.sort && `[data-sort="${link.dataset.sort}"]`;
    fill(address.search);
    go(address.search.slice(1), { hash, focus: sorted || ".totals a, .chip, tbody a" });
    if (link.closest(".pager")) content.querySelector("table.figures").scrollIntoView({ block: "start" });
  });

  addEventListener("popstate", () => {
    fill(location.search);
    go(location.search.slice(1), { hash: location.hash, push: false });
  });

  // Along the timeline: one stop for the tabulator key, the arrows go from mark to mark

  function begin() {
    const marks = [...content.querySelectorAll(".picture a.mark")];
    marks.forEach((mark, number) => mark.setAttribute("tabindex", number ? -1 : 0));
    const readout = content.querySelector(".readout");
    const say = ({ target }) => {
      const mark = target.closest(".mark");
      if (mark) readout.textContent = mark.getAttribute("aria-label");
    };
    const picture = content.querySelector(".picture");
    picture?.addEventListener("pointerover", say);
    picture?.addEventListener("focusin", say);
    picture?.addEventListener("keydown", (event) => walk(event, marks));
  }

  function walk(event, marks) {
    const at = marks.indexOf(document.activeElement);
    const places = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: marks.length - 1 };
    const next = marks[places[event.key]];
    if (at < 0 || !next) return;
    event.preventDefault();
    marks[at].setAttribute("tabindex", -1);
    next.setAttribute("tabindex", 0);
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  begin();
  if (location.hash) lead(location.hash);
})();

// Filters, sorts and opens questions. The address keeps what is shown, so that a filtered view can be sent.
(() => {
  "use strict";
  const list = document.querySelector("#list");
  const form = document.querySelector("#filters");
  const status = form.querySelector("output");
  const unfold = document.querySelector("#unfold");
  const heading = document.querySelector("#questions");
  const fields = [...form.elements].filter((field) => field.name);
  const items = [...list.children].map((item, position) => ({
    item,
    position,
    details: item.querySelector("details"),
    ...item.dataset,
    tags: item.dataset.tags.split("\n"),
  }));
  const number = (value) => (value === "None" ? -1 : Number(value));
  const orders = {
    id: (a, b) => a.id.localeCompare(b.id, "en", { numeric: true }),
    surest: (a, b) => number(b.confidence) - number(a.confidence),
    unsurest: (a, b) => number(a.confidence) - number(b.confidence),
    worst: (a, b) => number(a.f1) - number(b.f1),
    best: (a, b) => number(b.f1) - number(a.f1),
    slowest: (a, b) => number(b.ms) - number(a.ms),
  };

  const words = (entry) => (entry.words ??= entry.item.textContent.toLowerCase());

  const sought = (wanted) => (wanted.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);

  const matches = (entry, wanted) =>
    (!wanted.outcome || (wanted.outcome === "wrong" ? entry.outcome !== "right" : entry.outcome === wanted.outcome)) &&
    (!wanted.language || entry.language === wanted.language) &&
    (!wanted.tag || entry.tags.includes(wanted.tag)) &&
    (!wanted.answer || entry.answer === wanted.answer) &&
    sought(wanted).every((word) => words(entry).includes(word));

  const state = () => Object.fromEntries(fields.filter((field) => field.value).map((field) => [field.name, field.value]));

  const remember = (wanted) => {
    const address = location.href.split("#")[0] + "#" + new URLSearchParams(wanted);
    try {
      history.replaceState(null, "", address);
    } catch {
      // a page inside a sandbox has no address of its own
    }
  };

  let sorted;
  const sort = (name) => {
    if (name === sorted) return;
    sorted = name;
    const order = orders[name] ?? (() => 0);
    list.append(...items.toSorted((a, b) => order(a, b) || a.position - b.position).map((entry) => entry.item));
  };

  const show = () => {
    const wanted = state();
    const shown = new Set(items.filter((entry) => matches(entry, wanted)));
    for (const entry of items) entry.item.hidden = !shown.has(entry);
    sort(wanted.sort);
    status.textContent = `${shown.size === items.length ? "All" : `${shown.size} of`} ${items.length} questions`;
    for (const link of document.querySelectorAll("a[data-outcome]")) {
      link.setAttribute("aria-current", String(link.dataset.outcome === wanted.outcome));
    }
    return wanted;
  };

  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) field.value = wanted.get(field.name) ?? "";
    for (const field of fields) if (field.selectedIndex === -1) field.value = "";
    show();
  };

  const target = () => (location.hash.startsWith("#question-") ? document.getElementById(location.hash.slice(1)) : null);

  const follow = () => {
    const question = target();
    if (question) {
      if (question.hidden) {
        form.reset();
        show();
      }
      question.firstElementChild.open = true;
      question.scrollIntoView();
      question.querySelector("summary").focus({ preventScroll: true });
    } else if (location.hash.includes("=") || location.hash === "") {
      read();
    }
  };

  form.hidden = false;
  form.addEventListener("input", () => remember(show()));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => remember(show())));
  unfold.addEventListener("click", () => {
    const shown = items.filter((entry) => !entry.item.hidden);
    const open = shown.some((entry) => !entry.details.open);
    for (const entry of shown) entry.details.open = open;
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.filter, a[href^='#question-']");
    if (!link) return;
    if (link.getAttribute("href") === location.hash) follow(); // no change of address tells of a second click
    if (link.classList.contains("filter")) {
      setTimeout(() => {
        heading.scrollIntoView();
        heading.focus({ preventScroll: true });
      });
    }
  });
  addEventListener("hashchange", follow);
  show();
  follow();
})();

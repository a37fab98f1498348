// Starts and stops runs, and keeps the page as the server says things stand.
"use strict";
(() => {
  const OFTEN = 400; // milliseconds between two looks while a run is under way
  const SELDOM = 3000; // and else: another tab may start one
  const PATIENCE = 10_000;
  const MAX_BYTES = 5_000_000;
  const form = document.querySelector("#choose");
  const fieldset = form.querySelector("fieldset");
  const own = form.querySelector("#own");
  const trouble = form.querySelector(".trouble");
  const run = document.querySelector("#run");
  const report = document.querySelector("#report");
  let timer = 0;
  let lost = false; // whether the server did not say the last time how things stand
  let looks = 0; // counts up, so that an answer that was overtaken is not shown

  function tell(message) {
    trouble.textContent = message;
    trouble.hidden = !message;
  }

  function show(state) {
    fieldset.disabled = state.active;
    form.querySelector(".busy").hidden = !state.active;
    replace(report, state.report);
    if (replace(run, state.run)) document.querySelector("#announcement").textContent = state.run.title;
    if (state.progress) progress(state.progress);
    clearTimeout(timer);
    timer = setTimeout(look, state.active ? OFTEN : SELDOM);
  }

  function replace(part, { key, html }) {
    if (html === undefined || part.dataset.key === key) return false;
    const focused = part.contains(document.activeElement);
    part.innerHTML = html;
    part.dataset.key = key;
    if (focused) (part.querySelector("#stop:enabled") ?? part.querySelector("h2"))?.focus({ preventScroll: true });
    return true;
  }

  function progress({ done, total, text }) {
    const bar = run.querySelector("progress");
    if (!bar) return;
    if (total) {
      bar.max = total;
      bar.value = done;
    }
    run.querySelector(".progress").textContent = text;
  }

  async function send(path, query, options) {
    const known = { run_key: run.dataset.key, report_key: report.dataset.key };
    const look = ++looks;
    const response = await fetch(`./evaluation/${path}?${new URLSearchParams({ ...query, ...known })}`, options);
    const answer = await response.json();
    if (!response.ok) tell(answer.message);
    else if (look === looks) show(answer);
    return response.ok;
  }

  async function look() {
    try {
      const isThere = await send("state", {}, { signal: AbortSignal.timeout(PATIENCE) });
      if (lost && isThere) tell("");
      lost = !isThere;
    } catch {
      lost = true;
      tell(form.dataset.unreachable);
    }
    clearTimeout(timer);
    timer = setTimeout(look, run.querySelector("progress") ? OFTEN : SELDOM);
  }

  async function start() {
    const chosen = new FormData(form).get("file");
    const file = own.files[0];
    if (!chosen && !file) return tell(form.dataset.choose);
    if (!chosen && file.size > MAX_BYTES) return tell(form.dataset.tooLarge);
    tell("");
    fieldset.disabled = true;
    const started = chosen
      ? await send("run", { file: chosen }, { method: "POST" })
      : await send("run", { name: file.name }, { method: "POST", body: file });
    if (started) run.querySelector("h2").focus({ preventScroll: true });
    else await look();
    if (started && run.getBoundingClientRect().bottom > innerHeight) run.scrollIntoView({ block: "nearest" });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start().catch(() => {
      tell(form.dataset.unreachable);
      fieldset.disabled = false;
    });
  });

  own.addEventListener("change", () => {
    if (own.files.length) form.querySelector("[name=file][value='']").checked = true;
  });

  run.addEventListener("click", (event) => {
    const button = event.target.closest("#stop");
    if (button) send("stop", { run: button.dataset.run }, { method: "POST" }).catch(look);
  });

  document.addEventListener("visibilitychange", () => document.hidden || look());
  addEventListener("pageshow", look);
})();

// Sends files, removes them, indexes, and keeps the page as the server says things stand.
"use strict";
(() => {
  const OFTEN = 400; // milliseconds between two looks while indexing is under way
  const SELDOM = 3000; // and else: another tab may start it
  const TYPING = 200;
  const PATIENCE = 15_000;
  const AT_ONCE = 200; // files whose names are judged at a time
  const MOST = 1000;
  const words = document.body.dataset;
  const find = (selector) => document.querySelector(selector);
  const parts = { run: find("#run"), notice: find("#notice"), list: find("#list") };
  const tools = find("#tools");
  const automatic = find("#automatic");
  const trouble = find(".trouble");
  const queue = find("#queue");
  const dialog = find("#confirm");
  let timer = 0;
  let looks = 0; // counts up, so that an answer that was overtaken is not shown
  let page = Number(new URLSearchParams(location.search).get("page")) || 1;
  let active = false;
  let listed = ""; // the list as the server sent it last

  function tell(message) {
    trouble.textContent = message;
    trouble.hidden = !message;
  }

  function announce(message) {
    find("#announcement").textContent = message;
  }

  // The page as the server says

  function query() {
    const { words: sought, show: shown, sort } = Object.fromEntries(new FormData(tools));
    const all = { words: sought, show: shown, sort: sort === "title" ? "" : sort, page: page > 1 ? page : "" };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
  }

  function show(state, anew) {
    if (anew && state.list.html !== listed) parts.list.dataset.key = ""; // files may have changed behind our back
    listed = state.list.html ?? listed;
    for (const name in parts) {
      const changed = replace(parts[name], state[name]);
      if (changed && name === "run") announce(state.run.title);
    }
    if (state.progress) progress(state.progress);
    active = state.active;
    plan();
  }

  function plan() {
    clearTimeout(timer);
    timer = setTimeout(look, active ? OFTEN : SELDOM);
  }

  function replace(part, { key, html }) {
    if (html === undefined || part.dataset.key === key) return false;
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const again = focused && (focused.id ? `#${focused.id}` : focused.dataset.sort ? "th .up, th .down" : "");
    const removing = focused?.dataset.id;
    part.innerHTML = html;
    part.dataset.key = key;
    if (!focused) return true;
    const same = removing
      ? [...part.querySelectorAll(".remove")].find((button) => button.dataset.id === removing)
      : again && part.querySelector(`:is(${again}):not(:disabled)`);
    (same || part.querySelector("#stop:enabled, #reindex, h2, button, a"))?.focus({ preventScroll: true });
    return true;
  }

  function progress({ done, total, text }) {
    const bar = parts.run.querySelector("progress");
    if (!bar) return;
    if (total) {
      bar.max = total;
      bar.value = done;
    }
    parts.run.querySelector(".progress").textContent = text;
  }

  async function ask(path, more, method = "POST", anew = false) {
    const keys = Object.entries(parts).map(([name, part]) => [`${name}_key`, part.dataset.key]);
    const known = Object.fromEntries(anew ? keys.filter(([name]) => name !== "list_key") : keys);
    const number = ++looks;
    const address = `./documents/${path}?${new URLSearchParams({ ...query(), ...known, ...more })}`;
    const response = await fetch(address, { method, signal: AbortSignal.timeout(PATIENCE) });
    const answer = await response.json();
    if (response.ok && answer.list && number === looks) show(answer, anew);
    return { ok: response.ok, answer };
  }

  let lost = ""; // what the server said last in the place of how things stand

  async function look(anew = false) {
    try {
      const { ok, answer } = await ask("state", {}, "GET", anew);
      if (!ok) tell((lost = answer.message));
      else if ([lost, words.unreachable].includes(trouble.textContent)) tell("");
    } catch {
      tell(words.unreachable);
    }
    plan();
  }

  async function act(path, more, after) {
    try {
      const { ok, answer } = await ask(path, more);
      tell(ok ? "" : answer.message);
      if (ok) await after?.(answer);
    } catch {
      tell(words.unreachable);
    }
  }

  async function changed() {
    if (automatic.checked) await act("index", { after: "change" });
    await look(true);
  }

  // Looking through the list

  function search(to = 1) {
    page = to;
    const address = new URLSearchParams(query()).toString();
    history.replaceState(null, "", address ? `?${address}` : location.pathname);
    return look();
  }

  let typing = 0;
  tools.addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(search, event.target.name === "words" ? TYPING : 0);
  });
  tools.addEventListener("submit", (event) => event.preventDefault());

  parts.list.addEventListener("click", async (event) => {
    const target = event.target.closest("button, a[data-page]");
    if (target?.dataset.sort) {
      tools.elements.sort.value = target.dataset.sort;
      await search();
    } else if (target?.dataset.page && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      await search(Number(target.dataset.page));
      find("#shelf").scrollIntoView({ block: "start" });
    } else if (target?.dataset.id) confirmRemoval(target.dataset.id);
  });

  // Removing

  function confirmRemoval(id) {
    dialog.dataset.id = id;
    dialog.returnValue = "";
    const name = document.createElement("bdi");
    name.textContent = id;
    const [before, after] = words.confirm.split("{}");
    find("#confirm-title").replaceChildren(before, name, after);
    dialog.showModal();
  }

  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "remove") return;
    act("remove", { id: dialog.dataset.id }, async ({ message }) => {
      await changed();
      find("#undo")?.focus({ preventScroll: true });
      announce(message);
    }).then(() => look(true));
  });

  parts.notice.addEventListener("click", (event) => {
    if (event.target.id !== "undo") return;
    act("undo", {}, async ({ message }) => {
      await changed();
      (find("#undo") ?? tools.elements.words).focus({ preventScroll: true });
      announce(message);
    });
  });

  // Indexing

  parts.run.addEventListener("click", ({ target }) => {
    if (target.id === "reindex") act("index", {});
    if (target.id === "stop") act("stop", { run: target.dataset.run });
  });

  try {
    automatic.checked = localStorage.getItem("index-after-change") !== "no";
    automatic.addEventListener("change", () => {
      localStorage.setItem("index-after-change", automatic.checked ? "yes" : "no");
    });
  } catch {
    // without storage it is ticked whenever the page is opened
  }

  // Sending

  let sending = Promise.resolve(); // batches go one after another
  let unsent = 0;
  const undecided = new Set(); // items whose name is taken

  function element(name, text = "", kind = "") {
    const made = document.createElement(name);
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  function button(text, action) {
    const made = element("button", text, "plain");
    made.type = "button";
    made.addEventListener("click", action);
    return made;
  }

  function item(file) {
    const row = element("li");
    const bar = element("progress");
    const status = element("span", words.waiting, "status");
    const choices = element("span", "", "choices");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    row.append(element("bdi", file.name, "path"), status, bar, choices);
    queue.querySelector("ul").append(row);
    queue.hidden = false;
    return { file, row, bar, status, choices };
  }

  function say(each, message, kind = "") {
    each.status.textContent = message;
    each.row.className = kind;
    each.choices.replaceChildren();
  }

  function take(files) {
    if (!files.length) return;
    const items = files.map(item);
    for (const each of items.splice(MOST)) say(each, words.many, "refused");
    unsent += items.length;
    sending = sending.then(() => batch(items));
  }

  async function batch(items) {
    const counts = { added: 0, refused: 0 };
    for (let first = 0; first < items.length; first += AT_ONCE) {
      const some = items.slice(first, first + AT_ONCE);
      const verdicts = await judge(some);
      for (const [number, each] of some.entries()) {
        const { exists, message } = verdicts[number];
        if (exists) each.choice = choose(each);
        else if (message) refuse(each, message, counts);
        else await send(each, "ask", counts);
      }
    }
    if (counts.added) await changed();
    const asked = items.filter((each) => each.choice);
    if (asked.length < items.length) report(counts);
    if (asked.length) decide(asked);
  }

  function report({ added, refused }) {
    announce(words.announce.replace("{}", added).replace("{}", refused));
  }

  function refuse(each, message, counts) {
    counts.refused += 1;
    unsent -= 1;
    say(each, message, "refused");
  }

  function leaveOut(each) {
    unsent -= 1;
    say(each, words.skipped, "skipped");
  }

  async function judge(items) {
    const files = items.map(({ file }) => ({ name: file.name, size: file.size }));
    try {
      const response = await fetch("./documents/check", { method: "POST", body: JSON.stringify(files) });
      const answer = await response.json();
      return answer.files ?? files.map(() => ({ message: answer.message }));
    } catch {
      return files.map(() => ({ message: words.interrupted }));
    }
  }

  function choose(each) {
    return new Promise((resolve) => {
      each.decide = (choice) => {
        undecided.delete(each);
        offerAll();
        resolve(choice);
      };
      undecided.add(each);
      offer(each);
      offerAll();
    });
  }

  function offer(each) {
    say(each, words.exists, "asked");
    each.choices.append(...answers((choice) => each.decide(choice)));
  }

  function answers(decide) {
    return ["replace", "both", "skip"].map((choice) => button(words[choice], () => decide(choice)));
  }

  function offerAll() {
    const all = queue.querySelector(".all");
    all.hidden = undecided.size < 2;
    if (all.hidden || all.childElementCount) return;
    const decide = (choice) => [...undecided].forEach((each) => each.decide(choice));
    all.append(element("span", words.forAll, "status"), ...answers(decide));
  }

  function decide(items) {
    announce(words.exists);
    items[0].choices.querySelector("button")?.focus({ preventScroll: true });
    const counts = { added: 0, refused: 0 };
    const all = items.map(async (each) => {
      const choice = await each.choice;
      if (choice === "skip") return leaveOut(each);
      say(each, words.waiting);
      sending = sending.then(() => send(each, choice, counts));
      await sending;
    });
    Promise.all(all).then(async () => {
      if (counts.added) await changed();
      report(counts);
    });
  }

  function send(each, choice, counts) {
    if (each.file.size > Number(words.bytes)) return refuse(each, words.size, counts);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", `./documents/upload?${new URLSearchParams({ name: each.file.name, choice })}`);
      request.responseType = "json";
      request.upload.addEventListener("progress", ({ loaded, total }) => {
        each.bar.value = total ? loaded / total : 1;
        each.status.textContent = loaded < total ? words.sending : words.checking;
      });
      request.addEventListener("loadend", () => {
        const { message } = request.response ?? {};
        if (request.status === 200) {
          counts.added += 1;
          unsent -= 1;
          say(each, message, "added");
        } else refuse(each, message || (request.status === 413 ? words.size : words.interrupted), counts);
        resolve();
      });
      say(each, words.sending, "sending");
      request.send(each.file);
    });
  }

  find("#clear").addEventListener("click", () => {
    for (const row of queue.querySelectorAll(".added, .refused, .skipped")) row.remove();
    queue.hidden = !queue.querySelector("li");
    find("#choose").focus({ preventScroll: true });
  });

  find("#choose").addEventListener("click", () => find("#files").click());
  find("#files").addEventListener("change", ({ target }) => {
    take([...target.files]);
    target.value = "";
  });

  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let inside = 0; // elements that something is dragged over
  addEventListener("dragenter", (event) => {
    if (carriesFiles(event)) document.body.classList.toggle("dragging", ++inside > 0);
  });
  addEventListener("dragleave", (event) => {
    if (carriesFiles(event)) document.body.classList.toggle("dragging", --inside > 0);
  });
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    inside = 0;
    document.body.classList.remove("dragging");
    const dropped = [...event.dataTransfer.items].filter((each) => each.kind === "file");
    const isFolder = (each) => each.webkitGetAsEntry?.()?.isDirectory;
    const folders = dropped.filter(isFolder).map((each) => each.getAsFile());
    const files = dropped.filter((each) => !isFolder(each)).map((each) => each.getAsFile());
    for (const folder of folders.filter(Boolean)) say(item(folder), words.folderDropped, "refused");
    take(files.filter(Boolean));
  });

  addEventListener("beforeunload", (event) => unsent > 0 && event.preventDefault());
  document.addEventListener("visibilitychange", () => document.hidden || look(true));
  addEventListener("pageshow", (event) => (event.persisted ? look(true) : plan()));
})();

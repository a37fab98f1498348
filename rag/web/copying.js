// Copies citations and answers. The server knows all of them but the address it is reached under.
"use strict";
(() => {
  const SHOWN = 2000; // milliseconds for which a button says that it has copied
  const told = document.createElement("p");
  told.className = "hidden";
  told.setAttribute("role", "status");

  // Without a secure connection a browser has no clipboard to write to; a hidden field does it then.
  async function write(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const focused = document.activeElement;
    const field = document.createElement("textarea");
    field.className = "hidden";
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    focused?.focus({ preventScroll: true });
    if (!done) throw new Error("not copied");
  }

  function tell(button, words) {
    button.dataset.name ??= button.textContent;
    button.style.minWidth = `${button.getBoundingClientRect().width}px`;
    button.textContent = words;
    told.textContent = words;
    clearTimeout(Number(button.dataset.timer));
    button.dataset.timer = setTimeout(() => {
      button.textContent = button.dataset.name;
      button.style.minWidth = "";
      told.textContent = "";
    }, SHOWN);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element && event.target.closest("button[data-copy]");
    if (!button) return;
    const source = button.closest(".copying").dataset;
    const parts = JSON.parse(source[button.dataset.copy]); // every second is an address
    try {
      await write(parts.map((part, n) => (n % 2 ? new URL(part, document.baseURI).href : part)).join(""));
      tell(button, source.copied);
    } catch {
      tell(button, source.notCopied);
    }
  });

  document.addEventListener("DOMContentLoaded", () => document.body.append(told));
})();

// What can be done with chats and answers, as far as the browser does it alone: forms that unfold, a second click that
// confirms, choices that are remembered, and an address that follows the conversation.
"use strict";
(() => {
  const YEAR = 31536000; // seconds
  const PATIENCE = 5000; // milliseconds for the second click

  function unfold(button) {
    const form = button.closest("[data-turn], [data-id]").querySelector(button.dataset.shows);
    const shown = form.hidden;
    form.parentElement.querySelectorAll("form").forEach((other) => (other.hidden = true));
    form.hidden = !shown;
    if (shown) form.querySelector("textarea, input:not([type=hidden])").focus();
  }

  function fold(form) {
    const opener = form.closest("[data-turn], [data-id]").querySelector(`[data-shows=".${form.className}"]`);
    form.hidden = true;
    opener.focus();
  }

  // The first click asks whether it is meant, the second does it; the second half of a double click is none.
  function confirmed(button, clicks) {
    if (button.dataset.asked) return clicks < 2;
    const name = button.textContent;
    button.textContent = button.dataset.confirm;
    button.dataset.asked = "yes";
    setTimeout(() => {
      button.textContent = name;
      delete button.dataset.asked;
    }, PATIENCE);
    return false;
  }

  function remember(name, value) {
    document.cookie = `${name}=${value}; max-age=${YEAR}; path=/; samesite=strict`;
  }

  document.addEventListener(
    "click",
    (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const button = target?.closest("button[data-confirm]");
      if (button && !confirmed(button, event.detail)) event.stopImmediatePropagation();
      const opener = target?.closest("button[data-shows]");
      if (opener) unfold(opener);
      const closer = target?.closest("button[data-hides]");
      if (closer) fold(closer.closest("form"));
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    const isAction = event.target instanceof Element && event.target.matches("button[data-action]");
    if (event.repeat && isAction) event.preventDefault(); // a key that is held neither asks twice nor confirms
    const form = event.target instanceof Element && event.target.closest("form.editing, form.reasoning, form.renaming");
    if (!form) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      fold(form);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("textarea")) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  document.addEventListener("change", (event) => {
    const { cookie, reload } = event.target.dataset ?? {};
    if (!cookie) return;
    remember(cookie, event.target.type === "checkbox" ? (event.target.checked ? "yes" : "no") : event.target.value);
    if (reload !== undefined) location.reload();
  });

  // Filters that are set are told where they are folded away.
  function tellOfFilters() {
    const panel = document.getElementById("filters");
    if (panel) panel.classList.toggle("on", [...new FormData(panel.querySelector("form")).values()].some(Boolean));
  }
  document.addEventListener("input", (event) => event.target.closest?.("#filters") && tellOfFilters());
  document.addEventListener("reset", () => setTimeout(tellOfFilters));

  let shown = null; // the conversation in view, "" for a new one, null before the page is there
  function follow() {
    const chat = document.querySelector("#transcript .chat");
    if (!chat) return;
    if (document.documentElement.lang !== chat.lang) document.documentElement.lang = chat.lang; // Gradio's is another
    const now = chat.dataset.conversation ?? "";
    if (now === shown) return;
    const address = now ? `?c=${encodeURIComponent(now)}` : location.pathname;
    const isBegun = shown === "" && document.querySelector("#transcript .turn");
    if (shown !== null) history[isBegun ? "replaceState" : "pushState"](null, "", address);
    shown = now;
    const drawer = document.getElementById("conversations");
    if (drawer?.matches(":popover-open") && !isBegun) drawer.hidePopover();
  }
  const anything = { childList: true, subtree: true, attributes: true, attributeFilter: ["lang"] };
  new MutationObserver(follow).observe(document, anything);
  addEventListener("popstate", () => location.reload());
})();

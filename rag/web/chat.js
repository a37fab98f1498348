// What Gradio does not do: citations that lead to their source and back, and a view that follows the conversation.
"use strict";
(() => {
  const smooth = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
  const typing = () => matchMedia("(hover: hover) and (pointer: fine)").matches;
  const field = () => document.querySelector("#question textarea");
  const newest = () => document.querySelector("#transcript .turn:last-child");
  let cameFrom = null; // the number in an answer that opened the card in view
  let seen = null; // id of the newest turn that was scrolled to, "" before the first, null before the page is there

  // Shows the sources of one turn; without a choice the style sheet shows the newest turn's.
  function choose(turn) {
    document.querySelectorAll("#transcript .turn.chosen").forEach((other) => other.classList.remove("chosen"));
    turn.classList.add("chosen");
  }

  function reveal(element, block) {
    element.scrollIntoView({ behavior: smooth(), block, inline: "nearest" });
  }

  function openSource(link) {
    const card = document.getElementById(link.getAttribute("href").slice(1));
    if (!card) return;
    choose(card.closest(".turn"));
    document.querySelectorAll("#transcript .card.lit").forEach((other) => other.classList.remove("lit"));
    card.classList.add("lit");
    card.focus({ preventScroll: true });
    reveal(card, "nearest");
    const mark = card.querySelector("mark");
    if (mark) reveal(mark, "center");
    cameFrom = link;
  }

  function showSources(button) {
    const turn = button.closest(".turn");
    choose(turn);
    const panel = turn.querySelector(".sources");
    panel.focus({ preventScroll: true });
    panel.scrollTop = 0;
    if (getComputedStyle(panel).position === "static") reveal(panel, "start");
  }

  function unfold(card) {
    card.classList.add("whole");
    card.focus({ preventScroll: true });
  }

  function goBack(card) {
    const turn = card.closest(".turn");
    const link = cameFrom && turn.contains(cameFrom) ? cameFrom : turn.querySelector(`.cite[href="#${card.id}"]`);
    if (!link) return;
    link.focus({ preventScroll: true });
    reveal(link, "center");
  }

  function follow() {
    if (!field() || !document.querySelector("#transcript .chat")) return;
    const turn = newest();
    if ((turn?.id ?? "") === seen) return;
    seen = turn?.id ?? "";
    cameFrom = null;
    document.querySelectorAll("#transcript .lit").forEach((card) => card.classList.remove("lit"));
    if (turn) reveal(turn, "start");
    else scrollTo(0, 0);
    if (typing()) field().focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target?.closest("#transcript :is(.cite, .back)");
    if (link) {
      event.preventDefault();
      if (link.classList.contains("cite")) openSource(link);
      else goBack(link.closest(".card"));
    }
    const button = target?.closest("#transcript .show-sources");
    if (button) showSources(button);
    const whole = target?.closest("#transcript .whole");
    if (whole) unfold(whole.closest(".card"));
  });

  document.addEventListener("keydown", (event) => {
    const card = event.key === "Escape" && event.target instanceof Element && event.target.closest("#transcript .card");
    if (card) goBack(card);
  });

  // What is being written appears below its question: only that is sent again and again, not the whole conversation.
  function showDraft() {
    const [draft, place] = [document.querySelector("#draft [data-busy]"), document.querySelector("#transcript .written")];
    if (!draft || !place || place.innerHTML === draft.innerHTML) return;
    place.replaceChildren(...[...draft.childNodes].map((node) => node.cloneNode(true)));
    const busy = place.parentElement.querySelector(".busy > span:last-child");
    if (busy.textContent !== draft.dataset.busy) busy.textContent = draft.dataset.busy;
  }

  // Enter that ends an input method's composition chooses a word; it does not ask.
  document.addEventListener(
    "keypress",
    (event) => {
      if (event.key === "Enter" && event.isComposing) event.stopPropagation();
    },
    true,
  );

  const change = () => {
    follow();
    showDraft();
  };
  new MutationObserver(change).observe(document, { childList: true, characterData: true, subtree: true });
})();

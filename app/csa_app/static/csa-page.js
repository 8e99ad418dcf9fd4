/* What our pages add to Streamlit's script.

   Keeps on this device what somebody types into a form, until it is saved there: a reload, a lost
   connection or a server that starts again loses none of it. Nothing is sent anywhere.

   A form has a mark (`csa_app.shared.signing`) with its name, its writer, and its turn, which
   goes up once it is saved. Only fields that the writer changed are kept, so that an old draft never
   undoes what somebody else has written since.

   The public page is shown as high as it is, so that nothing of it is cut: its own parts that open
   make it higher.

   A table whose heads are buttons is sorted by the one that is pressed, here in the browser.

   No single letter does anything outside a field: Streamlit's R would run the page again, under
   the hands of somebody who speaks to the machine or whose finger slipped (WCAG 2.1.4). */
(() => {
  "use strict";
  const KEEP = "csa-draft ", WRITER = "csa-draft-writer", DAYS = 7;
  const FIELDS = "input[type=text]:not([role=combobox]), input[type=number], input[type=checkbox], textarea";
  const fitted = new WeakSet();
  const turns = new Map(), known = new WeakMap();

  const nameOf = (field) => {
    const box = field.closest("[data-testid=stElementContainer]");
    return (field.getAttribute("aria-label") || (box && box.innerText) || "").trim();
  };
  const valueOf = (field) => (field.type === "checkbox" ? field.checked : field.value);
  const read = (mark) => JSON.parse(localStorage.getItem(KEEP + mark.dataset.form) || "null");
  const drop = (mark) => localStorage.removeItem(KEEP + mark.dataset.form);
  const all = () => Object.keys(localStorage).filter((key) => key.startsWith(KEEP));

  function put(field, value) {
    if (field.type === "checkbox") {
      if (field.checked !== value) field.click();
      return;
    }
    const kind = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    // React notices a value only if it is set below its own setter.
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function bringBack(form, mark) {
    const draft = read(mark);
    for (const field of form.querySelectorAll(FIELDS)) {
      if (known.has(field)) continue;
      known.set(field, valueOf(field));
      const name = nameOf(field);
      if (!draft || !(name in draft.typed) || valueOf(field) === draft.typed[name]) continue;
      put(field, draft.typed[name]);
      mark.classList.add("csa-back");
      const around = form.closest("details");
      if (around && !around.open) around.querySelector("summary").click();
    }
  }

  function fit(frame) {
    if (!fitted.has(frame)) {
      fitted.add(frame);
      frame.addEventListener("load", () => fit(frame));
    }
    const whole = frame.contentDocument && frame.contentDocument.body;
    if (!whole || fitted.has(whole) || !whole.childElementCount) return;
    fitted.add(whole);
    new ResizeObserver(() => (frame.style.height = `${whole.offsetHeight + 2}px`)).observe(whole);
  }

  let shown;
  /* What a page says in marks, since it holds no scripts: its language, and what comes into view. */
  function heed() {
    const spoken = document.querySelector(".csa-language");
    if (spoken) document.documentElement.lang = spoken.dataset.lang;
    const view = document.querySelector(".csa-into-view");
    if (view && view.dataset.once !== shown) document.querySelector(".st-key-sheet_head")?.scrollIntoView({ block: "nearest" });
    shown = view ? view.dataset.once : undefined;
  }

  function look() {
    heed();
    document.querySelectorAll(".st-key-public_page iframe").forEach(fit);
    for (const mark of document.querySelectorAll(".csa-draft")) {
      const form = mark.closest("[data-testid=stForm]");
      if (!form) continue;
      const { form: name, turn, writer } = mark.dataset;
      if (localStorage.getItem(WRITER) !== writer) {
        all().forEach((key) => localStorage.removeItem(key));
        localStorage.setItem(WRITER, writer);
      }
      if (turns.has(name) && Number(turn) > turns.get(name)) drop(mark);
      turns.set(name, Number(turn));
      bringBack(form, mark);
    }
  }

  function keep(event) {
    const form = event.target.closest && event.target.closest("[data-testid=stForm]");
    const mark = form && form.querySelector(".csa-draft");
    if (!mark || !event.target.matches(FIELDS)) return;
    const typed = { ...((read(mark) || {}).typed || {}) };
    const value = valueOf(event.target);
    if (value === known.get(event.target)) delete typed[nameOf(event.target)];
    else typed[nameOf(event.target)] = value;
    if (Object.keys(typed).length === 0) drop(mark);
    else localStorage.setItem(KEEP + mark.dataset.form, JSON.stringify({ at: Date.now(), typed }));
  }

  const TAKES_LETTERS = "input, textarea, select, canvas, [contenteditable], [role=listbox], [role=option], [role=grid], [role=spinbutton]";
  window.addEventListener("keydown", (event) => {
    const isAlone = !(event.ctrlKey || event.metaKey || event.altKey);
    if (isAlone && /^[rc]$/i.test(event.key) && !event.target.closest?.(TAKES_LETTERS)) event.stopPropagation();
  }, true);

  for (const key of all()) {
    let at = 0;
    try { at = JSON.parse(localStorage.getItem(key)).at; } catch { /* another version's */ }
    if (!(Date.now() - at < DAYS * 864e5)) localStorage.removeItem(key);
  }
  /* A table's rows by a column: by the number that each cell begins with, then by its words. */
  function sort(head) {
    const value = (row) => row.cells[head.cellIndex].textContent.trim().replace(/(\d),(?=\d)/g, "$1");
    const number = (text) => (/^[+-]?\d/.test(text) ? parseFloat(text) : Infinity);
    const order = (a, b) => (number(a) === number(b) ? a.localeCompare(b) : number(a) - number(b));
    const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const body = head.closest("table").tBodies[0];
    body.append(...[...body.rows].sort((one, other) => way * order(value(one), value(other))));
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
  }
  let waits = false;
  new MutationObserver(() => {
    if (waits) return;
    waits = true;
    setTimeout(() => { waits = false; look(); }, 100);
  }).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("input", keep, true);
  document.addEventListener("click", (event) => {
    const head = event.target.closest("th:has(> button)");
    if (head) sort(head);
    if (event.target.closest(".st-key-sign-out")) all().forEach((key) => localStorage.removeItem(key));
  }, true);
})();

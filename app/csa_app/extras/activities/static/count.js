// Counts activities on a phone, with or without a network. An entry is locked with the server's key as it
// is made: not even this page can read it again. It is sent until the server says that it has it.
(() => {
  "use strict";
  const DAYS = 14, WAIT_MS = 6000, AGAIN_MS = 30000, DAY_MS = 864e5;
  const words = JSON.parse(document.getElementById("words").textContent);
  const by = (id) => document.getElementById(id);
  const chosen = { office: "", place: "", kind: "" };
  let facts = null, last = "", isSending = false, timer = 0;

  // ---- What the phone keeps: facts of the last visit, and entries that are not yet sent.
  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("csa-count", 1);
    asked.onupgradeneeded = () => { asked.result.createObjectStore("facts"); asked.result.createObjectStore("entries", { keyPath: "id" }); };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const use = async (table, mode, act) => {
    const store = await open();
    try {
      return await new Promise((resolve, reject) => {
        const change = store.transaction(table, mode);
        const asked = act(change.objectStore(table));
        change.oncomplete = () => resolve(asked.result);
        change.onerror = change.onabort = () => reject(change.error);
      });
    } finally { store.close(); }
  };
  const entries = () => use("entries", "readonly", (table) => table.getAll());
  const remove = (id) => use("entries", "readwrite", (table) => table.delete(id));
  const erase = async () => {
    await use("entries", "readwrite", (table) => table.clear());
    await use("facts", "readwrite", (table) => table.clear());
    facts = null;
    drawn = "";
  };

  // ---- Locking an entry: a key of its own, agreed with the server's public one.
  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
  const bytes = (given) => Uint8Array.from(atob(given), (sign) => sign.charCodeAt(0));
  const lock = async (id, entry) => {
    const curve = { name: "ECDH", namedCurve: "P-256" }, write = new TextEncoder();
    const theirs = await crypto.subtle.importKey("raw", bytes(facts.key), curve, false, []);
    const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256);
    const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: write.encode("csa activity") };
    const key = await crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const cipher = { name: "AES-GCM", iv, additionalData: write.encode(id) };
    const box = await crypto.subtle.encrypt(cipher, key, write.encode(JSON.stringify(entry)));
    return { e: text(await crypto.subtle.exportKey("raw", own.publicKey)), n: text(iv), c: text(box) };
  };

  // ---- What the page shows.
  const say = (what) => { by("note").textContent = what; by("note").hidden = !what; };
  const fill = (sentence, n) => sentence.replace("{n}", n);
  const show = async () => {
    const waiting = await entries(), n = waiting.length;
    by("state").textContent = n === 0 ? words.all_sent : fill(n === 1 ? words.one_waits : words.many_wait, n);
    by("undo").hidden = !waiting.some((entry) => entry.id === last);
    by("send").hidden = n === 0;
    by("leave").hidden = !facts;
    by("form").hidden = !facts;
    by("who").textContent = facts ? facts.office : "";
  };
  const choices = (id, name, options) => {
    const field = by(id);
    field.querySelectorAll("button").forEach((button) => button.remove());
    Object.entries(options).forEach(([value, label]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.setAttribute("aria-pressed", String(chosen[name] === value));
      button.addEventListener("click", () => {
        chosen[name] = value;
        field.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      });
      field.append(button);
    });
  };
  let drawn = "";
  const draw = () => {
    const mark = facts && JSON.stringify([facts.offices, facts.places, facts.kinds]);
    if (!facts || mark === drawn) return;
    drawn = mark;
    const offices = Object.fromEntries(facts.offices.map((office) => [office, office]));
    by("offices").hidden = facts.offices.length < 2;
    chosen.office = chosen.office || (facts.offices.length === 1 ? facts.offices[0] : "");
    choices("offices", "office", offices);
    choices("places", "place", facts.places);
    choices("kinds", "kind", facts.kinds);
    by("day").max = facts.today;
  };

  // ---- An entry is made by the tap on its day.
  const dayBack = (back) => {
    // In a made-up city the clock stands: then its day counts, as the server said.
    const on = facts.stands ? new Date(`${facts.today}T12:00`) : new Date();
    on.setDate(on.getDate() - back);
    return `${on.getFullYear()}-${String(on.getMonth() + 1).padStart(2, "0")}-${String(on.getDate()).padStart(2, "0")}`;
  };
  const add = async (on) => {
    if (!chosen.place || !chosen.kind || !chosen.office || !on) { say(words.choose); return; }
    const entry = { ...chosen, on };
    for (const field of by("form").querySelectorAll("details input")) {
      if (!field.checkValidity()) { field.reportValidity(); return; }
      if (field.value !== "") entry[field.name] = Number(field.value);
    }
    const id = crypto.randomUUID().replaceAll("-", ""), box = await lock(id, entry);
    await use("entries", "readwrite", (table) => table.put({ id, box, at: Date.now() }));
    last = id;
    say(words.saved);
    by("form").querySelectorAll("details input").forEach((field) => { field.value = ""; });
    by("day").value = "";
    await show();
    clearTimeout(timer);
    timer = setTimeout(send, WAIT_MS);
  };

  // ---- Sending: whatever has no answer is sent again; the server knows each entry by its id.
  const ask = async (path, given) => {
    const how = { cache: "no-store", credentials: "same-origin" };
    if (given) Object.assign(how, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) });
    const answer = await fetch(path, how);
    if (!answer.ok && answer.status !== 401 && answer.status !== 403) throw new Error(String(answer.status));
    return answer.json();
  };
  const send = async () => {
    if (isSending || !facts) return;
    isSending = true;
    try {
      for (;;) {
        const waiting = (await entries()).slice(0, 50).map(({ id, box }) => ({ id, box }));
        if (!waiting.length) break;
        const answer = await ask("./entries", { phone: facts.phone, entries: waiting });
        if (await end(answer)) break;
        const before = waiting.length;
        for (const [id, said] of Object.entries(answer.entries)) {
          if (said) {
            const item = document.createElement("li");
            item.textContent = said;
            by("refused").append(item);
          }
          await remove(id);
        }
        if (!Object.keys(answer.entries).length && before) break;
      }
    } catch { /* no network, or no server: later */ } finally { isSending = false; }
    await show();
  };
  const end = async (answer) => {
    if (answer.erase) { await erase(); say(words[answer.erase]); }
    by("enter").hidden = !answer.sign_in;
    return Boolean(answer.erase || answer.sign_in);
  };
  const ahead = async () => {
    const late = (await entries()).filter((entry) => !(Date.now() - entry.at < DAYS * DAY_MS));
    for (const entry of late) await remove(entry.id);
    if (late.length) say(words.too_old);
    facts = facts || await use("facts", "readonly", (table) => table.get("now")) || null;
    if (facts && !(Date.now() - facts.at < DAYS * DAY_MS)) await erase();
    try {
      const answer = await ask(`./state?phone=${facts ? facts.phone : ""}`);
      if (!await end(answer) && answer.places) {
        if (!answer.phone) answer.phone = (await ask("./phone", { office: answer.offices[0] })).phone;
        facts = { ...answer, at: Date.now() };
        await use("facts", "readwrite", (table) => table.put(facts, "now"));
      } else if (answer.refused) say(answer.refused);
    } catch { /* without a network it goes on with what it knows */ }
    draw();
    await show();
    await send();
  };

  by("days").addEventListener("click", (event) => {
    if (event.target.dataset.back) add(dayBack(Number(event.target.dataset.back)));
  });
  by("day").addEventListener("change", (event) => { if (event.target.value) add(event.target.value); });
  by("form").addEventListener("submit", (event) => event.preventDefault());
  by("undo").addEventListener("click", async () => { await remove(last); say(words.undone); await show(); });
  by("send").addEventListener("click", send);
  by("leave").addEventListener("click", async () => {
    const way = facts && facts.way_out;
    await erase();
    say(words.erased);
    await show();
    if (way) window.location.assign(way);
  });
  window.addEventListener("online", ahead);
  setInterval(ahead, AGAIN_MS);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("./sw.js");
  ahead();
})();

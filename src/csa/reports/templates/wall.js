// One screen at a time, by keys or buttons; without it all screens stand one under another, and
// where they do (on a phone, at a high zoom, with larger letters) keys scroll as they always do.
(() => {
  const screens = [...document.querySelectorAll(".screen")];
  const back = document.getElementById("back");
  const next = document.getElementById("next");
  const full = document.getElementById("full");
  const larger = document.getElementById("larger");
  const said = document.getElementById("said");
  const all = document.documentElement.classList;
  const narrow = window.matchMedia("(max-width: 56rem)");
  const last = screens.length - 1;
  let at = 0;
  let isHeard = false;

  const show = (wanted, keepFocus) => {
    at = Math.max(0, Math.min(last, wanted));
    screens.forEach((screen, n) => screen.classList.toggle("shown", n === at));
    back.setAttribute("aria-disabled", String(at === 0));
    next.setAttribute("aria-disabled", String(at === last));
    try {
      history.replaceState(null, "", `#screen-${at + 1}`); // a reload comes back here
    } catch { /* inside another page there is no address to keep */ }
    if (!keepFocus) screens[at].focus({ preventScroll: false });
    else if (isHeard) said.textContent = screens[at].dataset.said; // nothing else tells who listens
    isHeard = true;
  };
  const fill = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {});
  };
  const asked = () => {
    const n = Number(location.hash.replace("#screen-", ""));
    return Number.isInteger(n) && n >= 1 ? n - 1 : 0;
  };

  const turns = {
    ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (narrow.matches || !all.contains("turned")) return;
    const onButton = event.target instanceof Element && event.target.closest("button");
    let wanted = null;
    if (event.key in turns) wanted = at + turns[event.key];
    else if (event.key === " " && !onButton) wanted = at + (event.shiftKey ? -1 : 1);
    else if (event.key === "Home") wanted = 0;
    else if (event.key === "End") wanted = last;
    else return;
    event.preventDefault();
    show(wanted, Boolean(onButton));
  });
  back.addEventListener("click", () => show(at - 1, true));
  next.addEventListener("click", () => show(at + 1, true));
  full.addEventListener("click", fill);
  full.hidden = !document.fullscreenEnabled;
  larger.addEventListener("click", () => {
    const isLarge = all.toggle("large");
    all.toggle("turned", !isLarge);
    larger.setAttribute("aria-pressed", String(isLarge));
    screens[at].scrollIntoView();
  });
  window.addEventListener("hashchange", () => show(asked(), true));

  all.add("turned");
  document.querySelector(".keys").hidden = false;
  show(asked(), true);
  if (window.parent !== window) window.focus(); // inside another page: keys turn the screens at once
})();

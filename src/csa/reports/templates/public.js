// Shows the card of the neighborhood that was chosen and lights it on the map. Without it the
// cards are reached from the folded list, by their addresses.
(() => {
  const pick = document.getElementById("choose");
  if (!pick) return;
  const map = document.querySelector("svg.map");
  const lit = map?.appendChild(document.createElementNS(map.namespaceURI, "path"));
  lit?.setAttribute("class", "lit");
  const city = document.querySelector(".city");
  const choose = (key) => {
    const card = key.startsWith("place-") ? document.getElementById(key) : null;
    for (const other of document.querySelectorAll(".place.chosen")) other.classList.remove("chosen");
    card?.classList.add("chosen");
    city.hidden = Boolean(card);
    pick.value = card ? key : "";
    lit?.setAttribute("d", map.querySelector(`[data-place="${card ? key : ""}"]`)?.getAttribute("d") ?? "");
    try {
      history.replaceState(null, "", card ? `#${key}` : "#home"); // to send to a neighbor
    } catch { /* inside another page there is no address to keep */ }
  };
  const street = document.getElementById("street");
  const hits = document.getElementById("hits");
  const streets = JSON.parse(street?.dataset.streets ?? "[]");
  const words = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/^\s*\d+\s+(?=\S)/, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const fits = (name, [first, ...rest]) =>
    name.some((word) => word.startsWith(first)) && rest.every((other) => name.some((word) => word.startsWith(other) || other.startsWith(word)));
  const line = (text, href) => {
    const item = document.createElement("li");
    const inside = href ? item.appendChild(document.createElement("a")) : item;
    if (href) inside.href = href;
    inside.textContent = text;
    return item;
  };
  street?.addEventListener("input", () => { // what is typed stays on this page
    const asked = words(street.value);
    const near = asked.join("").length > 1 ? streets.filter(([name]) => fits(words(name), asked)).slice(0, 6) : null;
    hits.replaceChildren(...(near ?? []).flatMap(([name, places]) => places.map((n) => line(`${name}: ${pick.options[n].text}`, `#place-${n}`))));
    if (near && !near.length) hits.append(line(street.dataset.none));
  });
  document.documentElement.classList.add("picked");
  pick.parentElement.hidden = false;
  pick.addEventListener("change", () => choose(pick.value));
  map?.addEventListener("click", (event) => choose(event.target.closest("[data-place]")?.dataset.place ?? ""));
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#place-"]');
    if (!link) return;
    event.preventDefault();
    choose(link.hash.slice(1));
    hits?.replaceChildren();
    document.getElementById("home").scrollIntoView();
    pick.focus({ preventScroll: true });
  });
  window.addEventListener("hashchange", () => choose(location.hash.slice(1)));
  if (location.hash.startsWith("#place-")) choose(location.hash.slice(1));
})();

// Shows one card of one place, as the address asks: ?show=map|number|trend|tasks&place=NAME.
(() => {
  const asked = new URLSearchParams(location.search);
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").trim().toLowerCase();
  const shows = ["number", "map", "trend", "tasks"];
  const show = shows.includes(asked.get("show")) ? asked.get("show") : shows[0];
  const place = plain(asked.get("place") ?? "");
  const cards = [...document.querySelectorAll("article")];
  const card = place ? cards.find((one) => [one.dataset.place, one.dataset.key].map(plain).includes(place)) : cards[0];
  for (const one of cards) one.hidden = one !== card;
  for (const part of document.querySelectorAll("[data-show]")) part.hidden = part.dataset.show !== show;
  document.querySelector(".untold").hidden = Boolean(card);
  const map = document.querySelector("svg.map");
  const outline = map?.querySelector(`[data-place="${card?.dataset.key}"]`)?.getAttribute("d");
  if (outline) {
    const lit = map.appendChild(document.createElementNS(map.namespaceURI, "path"));
    lit.setAttribute("class", "lit");
    lit.setAttribute("d", outline);
  }
})();

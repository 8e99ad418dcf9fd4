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
// A chart as a picture of its own, in colors that need no page.
for (const link of document.querySelectorAll("a.image")) {
  const chart = link.closest("p").previousElementSibling.cloneNode(true);
  chart.setAttribute("xmlns", chart.namespaceURI);
  chart.setAttribute("font-family", "sans-serif");
  for (const bar of chart.querySelectorAll("rect")) bar.setAttribute("fill", bar.classList.contains("few") ? "#b7b4ab" : "#8856a7");
  for (const words of chart.querySelectorAll("text")) words.setAttribute("text-anchor", "middle");
  link.href = `data:image/svg+xml,${encodeURIComponent(chart.outerHTML)}`;
  link.hidden = false;
}

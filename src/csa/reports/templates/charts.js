// A chart as a picture of its own, in colors that need no page.
for (const link of document.querySelectorAll("a.image")) {
  const chart = link.closest("p").previousElementSibling.cloneNode(true);
  chart.setAttribute("xmlns", chart.namespaceURI);
  chart.setAttribute("font-family", "sans-serif");
  for (const bar of chart.querySelectorAll("rect")) {
    bar.setAttribute("fill", bar.classList.contains("few") ? "#b7b4ab" : "#8856a7");
    if (bar.classList.contains("outside")) bar.setAttribute("fill-opacity", ".4");
  }
  for (const words of chart.querySelectorAll("text")) words.setAttribute("text-anchor", "middle");
  link.href = `data:image/svg+xml,${encodeURIComponent(chart.outerHTML)}`;
  link.hidden = false;
}

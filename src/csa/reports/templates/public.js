// Shows the neighborhoods whose name holds what was typed; without it the whole list stands.
(() => {
  const box = document.getElementById("find");
  const body = document.getElementById("found");
  if (!box || !body) return;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const rows = [...body.rows].map((row) => [row, plain(row.cells[0].textContent)]);
  const shown = document.getElementById("shown");
  const narrow = () => {
    const wanted = plain(box.value);
    let n = 0;
    for (const [row, name] of rows) {
      row.hidden = !name.includes(wanted);
      n += row.hidden ? 0 : 1;
    }
    shown.textContent = String(n);
  };
  box.addEventListener("input", narrow);
  box.closest(".find").hidden = false;
  narrow(); // a browser may bring back what was typed
})();

"use strict";
(function () {
  const rows = Array.from(document.querySelectorAll("tbody tr"));
  const states = Array.from(new Set(rows.map((row) => row.dataset.state)));
  const place = document.querySelector("[data-filter]");
  if (!place || rows.length < 2) return;
  const add = (parent, tag, text) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    parent.appendChild(made);
    return made;
  };
  const label = add(place, "label", "Filter ");
  const search = add(label, "input");
  search.type = "search";
  const boxes = states.map((state) => {
    const one = add(place, "label");
    const box = add(one, "input");
    box.type = "checkbox";
    box.checked = true;
    box.value = state;
    one.append(" " + state + " (" + rows.filter((row) => row.dataset.state === state).length + ")");
    return box;
  });
  const shown = add(place, "span");
  shown.className = "dim";
  shown.setAttribute("role", "status");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let count = 0;
    for (const row of rows) {
      const fits = wanted.has(row.dataset.state) && words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      if (fits) count++;
    }
    shown.textContent = count + " of " + rows.length + " rows";
  };
  place.addEventListener("input", apply);
  place.hidden = false;
  apply();
})();

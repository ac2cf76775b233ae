// Moves the gauges of the list of spaces as counts change. Without it the page shows the state at loading.
"use strict";

const list = document.getElementById("spaces");
// A page of one space hears of all, and minds its own.
const { only, of, live, shown } = document.getElementById("live").dataset;
const inside = '<div class="name"><a></a></div><div class="count"><b></b> <span class="of"></span> <span class="maximum"></span> · <span class="left"></span></div>' +
  '<meter min="0"></meter><span class="words"></span><time></time>';

function show(space) {
  if (only && only !== space.id) return;
  const item = card(list, "space-" + space.id, inside);
  const gauge = item.querySelector("meter");
  const before = item.querySelector(".of");
  if (before) before.textContent = of;
  fresh(item, space.level);
  link(item, space.name, "/spaces/" + space.id);
  item.querySelector("b").textContent = space.current;
  item.querySelector(".maximum").textContent = space.maximum;
  item.querySelector(".left").textContent = space.left_words;
  item.querySelector(".words").textContent = space.words;
  item.querySelector("time").textContent = space.updated_here;
  gauge.max = space.maximum;
  gauge.high = space.high;
  gauge.optimum = 0;
  gauge.value = space.current;
  gauge.setAttribute("aria-label", space.gauge);
}

follow({
  space: (data) => show(JSON.parse(data)),
  gone: (id) => document.getElementById("space-" + id)?.remove(),
}, () => only ? live : shown.replace("%", list.children.length) + ", " + live);

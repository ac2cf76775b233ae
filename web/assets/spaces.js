// Moves the gauges of the list of spaces as counts change. Without it the page shows the state at loading.
"use strict";

const state = document.getElementById("live");
const list = document.getElementById("spaces");

function card(id) {
  const known = document.getElementById("space-" + id);
  if (known) return known;
  const item = document.createElement("li");
  item.id = "space-" + id;
  item.innerHTML = '<div class="name"></div><div class="count"><b></b> of <span class="maximum"></span></div>' +
    '<meter min="0"></meter><div class="note"><span class="words"></span> <time></time></div>';
  list.append(item);
  document.getElementById("empty")?.remove();
  return item;
}

function show(space) {
  const item = card(space.id);
  const gauge = item.querySelector("meter");
  item.className = "space " + space.level + " fresh";
  setTimeout(() => item.classList.remove("fresh"), 600);
  item.querySelector(".name").textContent = space.name;
  item.querySelector("b").textContent = space.current;
  item.querySelector(".maximum").textContent = space.maximum;
  item.querySelector(".words").textContent = space.words;
  item.querySelector("time").textContent = space.updated_here;
  gauge.max = space.maximum;
  gauge.high = space.high;
  gauge.optimum = 0;
  gauge.value = space.current;
  gauge.setAttribute("aria-label", "People in " + space.name);
}

function count() {
  state.textContent = list.children.length + " shown, live";
}

const stream = new EventSource(state.dataset.stream);
stream.addEventListener("open", count);
stream.addEventListener("error", () => { state.textContent = "Not live: trying to reach the box again"; });
stream.addEventListener("space", (message) => { show(JSON.parse(message.data)); count(); });
stream.addEventListener("gone", (message) => { document.getElementById("space-" + message.data)?.remove(); count(); });
stream.addEventListener("again", () => location.reload());

// Moves the gauges of the list of spaces as counts change. Without it the page shows the state at loading.
"use strict";

const state = document.getElementById("live");
const list = document.getElementById("spaces");
// A page of one space hears of all, and minds its own.
const only = state.dataset.only;

function card(id) {
  const known = document.getElementById("space-" + id);
  if (known) return known;
  const item = document.createElement("li");
  item.id = "space-" + id;
  item.innerHTML = '<div class="name"><a></a></div><div class="count"><b></b> of <span class="maximum"></span></div>' +
    '<meter min="0"></meter><span class="words"></span><time></time>';
  list.append(item);
  document.getElementById("empty")?.remove();
  return item;
}

function show(space) {
  const item = card(space.id);
  const gauge = item.querySelector("meter");
  item.className = "space " + space.level + " fresh";
  setTimeout(() => item.classList.remove("fresh"), 600);
  const link = item.querySelector(".name a");
  link.textContent = space.name;
  link.href = "/spaces/" + space.id;
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
  state.textContent = only ? "live" : list.children.length + " shown, live";
}

const stream = new EventSource(state.dataset.stream);
stream.addEventListener("open", count);
stream.addEventListener("error", () => { state.textContent = "Not live: trying to reach the box again"; });
stream.addEventListener("space", (message) => {
  const space = JSON.parse(message.data);
  if (!only || only === space.id) show(space);
  count();
});
stream.addEventListener("gone", (message) => { document.getElementById("space-" + message.data)?.remove(); count(); });
stream.addEventListener("again", () => location.reload());

// The buttons of a door screen count without leaving the page; if that fails, the form is sent as without script.
const said = document.getElementById("said");
const undo = document.getElementById("undo");

function tell(tap) {
  said.textContent = tap.said;
  undo.hidden = !tap.undo;
  if (!tap.undo) return;
  undo.querySelector("[name=by]").value = tap.undo.by;
  undo.querySelector("button").textContent = tap.undo.words;
}

for (const form of document.querySelectorAll("form[data-count]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wish = { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)) };
    fetch(form.action, { ...wish, redirect: "manual" })
      .then((answer) => { if (answer.ok) return answer.json().then(tell); form.submit(); })
      .catch(() => { said.textContent = "Not counted: the box cannot be reached"; });
  });
}

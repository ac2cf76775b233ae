// Moves the gauges of the list of spaces as counts change. Without it the page shows the state at loading.
"use strict";

const list = document.getElementById("spaces");
// A page of one space hears of all, and minds its own.
const only = document.getElementById("live").dataset.only;
const inside = '<div class="name"><a></a></div><div class="count"><b></b> of <span class="maximum"></span></div>' +
  '<meter min="0"></meter><span class="words"></span><time></time>';

function show(space) {
  if (only && only !== space.id) return;
  const item = card(list, "space-" + space.id, inside);
  const gauge = item.querySelector("meter");
  fresh(item, space.level);
  link(item, space.name, "/spaces/" + space.id);
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

follow({
  space: (data) => show(JSON.parse(data)),
  gone: (id) => document.getElementById("space-" + id)?.remove(),
}, () => {
  again();
  return only ? "live" : list.children.length + " shown, live";
});

// The buttons of a door screen count without leaving the page; if that fails, the form is sent as without script.
const said = document.getElementById("said");
const undo = document.getElementById("undo");

// The box is reached again: what it says now is what was counted.
function again() {
  if (document.body.classList.contains("lost") || !said?.dataset.lost) return;
  delete said.dataset.lost;
  said.textContent = "The box is reached again: the number above is right.";
}

function tell(tap) {
  delete said.dataset.lost;
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
      .catch(() => { said.dataset.lost = "yes"; said.textContent = "No answer: it is not known whether that was counted. Look at the number once the page is live again."; });
  });
}

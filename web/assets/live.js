// What the pages that change by themselves share: their stream, and that the page says when it is none.
"use strict";

// What it says when it is not live stands in the page, in its language (data-lost).
// Hears each kind of event in `events`. `words` says what the page says of itself while it is live.
function follow(events, words) {
  const state = document.getElementById("live");
  const stream = new EventSource(state.dataset.stream);
  const lost = (is) => {
    // The lamps are as they were when the page was made: nobody is to take them for how it is now.
    document.body.classList.toggle("lost", is);
    state.dataset.open = is ? "no" : "yes";
    state.textContent = is ? state.dataset.lost : words();
  };
  stream.addEventListener("open", () => lost(false));
  stream.addEventListener("error", () => lost(true));
  for (const [kind, heard] of Object.entries(events)) {
    stream.addEventListener(kind, (message) => { heard(message.data); state.textContent = words(); });
  }
  stream.addEventListener("again", () => location.reload());
}

// The card of this id; a list that may grow gets a new one with `inside`.
function card(list, id, inside) {
  const known = document.getElementById(id);
  if (known || !inside) return known;
  const item = document.createElement("li");
  item.id = id;
  item.innerHTML = inside;
  list.append(item);
  document.getElementById("empty")?.remove();
  return item;
}

function fresh(item, classes) {
  item.className = "space " + classes + " fresh";
  setTimeout(() => item.classList.remove("fresh"), 600);
}

function link(item, text, href) {
  const link = item.querySelector(".name a");
  link.textContent = text;
  link.href = href;
}

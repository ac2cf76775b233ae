// Moves the cards of meters as they answer. Without it the page shows the state at loading.
"use strict";

const state = document.getElementById("live");
const list = document.getElementById("meters");
// A page of one meter hears of all that its reader may see, and minds its own.
const only = state.dataset.only;

function card(serial) {
  const known = document.getElementById("meter-" + serial);
  if (known || only) return known;
  const item = document.createElement("li");
  item.id = "meter-" + serial;
  item.innerHTML = '<div class="name"><a></a></div><span class="words"></span>' +
    '<div class="count"><b></b> <span class="energy"></span></div><div class="rest"></div><time></time>';
  list.append(item);
  document.getElementById("empty")?.remove();
  return item;
}

function show(meter) {
  const item = card(meter.serial);
  if (!item) return;
  item.className = "space meter " + meter.level + " fresh";
  setTimeout(() => item.classList.remove("fresh"), 600);
  const link = item.querySelector(".name a");
  link.textContent = meter.name;
  link.href = "/meters/" + meter.serial;
  item.querySelector(".words").textContent = meter.words;
  item.querySelector("b").textContent = meter.power;
  item.querySelector(".energy").textContent = meter.energy;
  item.querySelector(".rest").textContent = meter.rest;
  item.querySelector("time").textContent = meter.updated;
}

const stream = new EventSource(state.dataset.stream);
stream.addEventListener("open", () => { state.textContent = "Live."; });
stream.addEventListener("error", () => { state.textContent = "Not live: trying to reach the box again."; });
stream.addEventListener("meter", (message) => show(JSON.parse(message.data)));
stream.addEventListener("gone", (message) => { document.getElementById("meter-" + message.data)?.remove(); });
stream.addEventListener("again", () => location.reload());

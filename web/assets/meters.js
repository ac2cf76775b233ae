// Moves the cards of meters as they answer. Without it the page shows the state at loading.
"use strict";

const list = document.getElementById("meters");
// A page of one meter hears of all that its reader may see, and minds its own.
const only = document.getElementById("live").dataset.only;
const inside = '<div class="name"><a></a></div><span class="words"></span>' +
  '<div class="count"><b></b> <span class="energy"></span></div><div class="rest"></div><time></time>';

function show(meter) {
  const item = card(list, "meter-" + meter.serial, only ? null : inside);
  if (!item) return;
  fresh(item, "meter " + meter.level);
  link(item, meter.name, "/energy/" + meter.serial);
  item.querySelector(".words").textContent = meter.words;
  // The page of one meter says what it took in the last half-hour where its power is not known.
  if (meter.is_now || !only) {
    item.querySelector("b").textContent = meter.power;
    item.querySelector(".energy").textContent = meter.energy;
  }
  item.querySelector(".rest").textContent = meter.rest;
  item.querySelector("time").textContent = meter.ago;
  item.querySelector("time").title = meter.updated;
}

follow({
  meter: (data) => show(JSON.parse(data)),
  gone: (serial) => document.getElementById("meter-" + serial)?.remove(),
}, () => "Live.");

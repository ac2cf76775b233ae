// Moves what is shown of meters as they answer: rows of the table, or the card of one. Without it the page shows the state
// at loading.
"use strict";

const list = document.getElementById("meters");
// A page of one meter hears of all that its reader may see, and minds its own.
const only = document.getElementById("live").dataset.only;

function say(item, what, text) {
  const place = item.querySelector('[data-of="' + what + '"]');
  if (place && place.textContent !== text) place.textContent = text;
  return place;
}

function row(item, meter) {
  const lamp = say(item, "words", meter.words);
  if (lamp) lamp.className = "lamp " + meter.level;
  say(item, "power", meter.is_now ? meter.power : "");
  const heard = say(item, "updated", meter.ago);
  if (heard) heard.title = meter.updated;
}

function one(item, meter) {
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

function show(meter) {
  const item = document.getElementById("meter-" + meter.serial);
  if (item) (item.tagName === "TR" ? row : one)(item, meter);
}

follow({
  meter: (data) => show(JSON.parse(data)),
  gone: (serial) => document.getElementById("meter-" + serial)?.remove(),
}, () => "");

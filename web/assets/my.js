// Moves what a resident's first page says of each meter as it answers. Without it the page shows the state at loading.
"use strict";

function say(item, what, text) {
  const place = item.querySelector('[data-of="' + what + '"]');
  place.hidden = !text && place.tagName === "P";
  if (place.textContent !== (text || "")) place.textContent = text || "";
  return place;
}

function show(meter) {
  const item = document.getElementById("own-" + meter.serial);
  const own = meter.own;
  if (!item || !own) return;
  item.classList.toggle("old", own.old);
  item.classList.toggle("scarce", own.low);
  for (const what of ["silence", "lead", "big", "lasts"]) say(item, what, own[what]);
  say(item, "read", own.read).title = own.read_at;
  const code = item.querySelector('[data-of="topup"]');
  code.hidden = !own.topup;
  if (!own.topup) return;
  const link = code.querySelector("a");
  link.className = "lamp " + own.topup.light;
  link.href = own.topup.address;
  link.textContent = own.topup.words;
  code.querySelector("small").textContent = own.topup.given;
}

follow({
  meter: (data) => show(JSON.parse(data)),
  // It is not theirs any more.
  gone: () => location.reload(),
}, () => "");

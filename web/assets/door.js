// The screen at a door. Taps are kept in this browser until the box has answered them, each under a key of its own, by
// which the box counts it once however often it comes. Without this script the forms are sent as they are.
"use strict";

const door = document.getElementById("door");
const words = door.dataset;
const said = document.getElementById("said");
const live = document.getElementById("live");
const undo = document.getElementById("undo");
const ask = document.getElementById("ask");
const empty = document.getElementById("empty");
const prefix = "gatelodge-door " + words.space + " ";
const PATIENCE = 10_000, AGAIN = 3_000, HOLD = 2_000, UNDO_FOR = 600_000;
// The box forgets what it counted after 25 hours: what was sent before and never answered is not sent any more then.
const TRIED_FOR = 24 * 3_600_000;

let known = { current: Number(words.current), maximum: Number(words.maximum), overfill: words.overfill === "true" };
let newest = Number(words.seq), away = false, signedOut = false, sending = false, retry = 0, last = null, quiet = 0, lateFull = 0;

// Taps that wait, in their order. Each has a place of its own, so that two tabs of one phone lose none of each other's.
const memory = new Map();
function kept() {
  const taps = [];
  try {
    for (let place = 0; place < localStorage.length; place++) {
      const name = localStorage.key(place);
      if (name.startsWith(prefix)) taps.push(JSON.parse(localStorage.getItem(name)));
    }
  } catch { /* A browser that keeps nothing: they wait in memory. */ }
  const there = new Set(taps.map((tap) => tap.once));
  for (const tap of memory.values()) if (!there.has(tap.once)) taps.push(tap);
  return taps.sort((one, other) => one.at - other.at || one.number - other.number);
}
function keep(tap) {
  memory.set(tap.once, tap);
  try { localStorage.setItem(prefix + tap.once, JSON.stringify(tap)); memory.delete(tap.once); } catch { /* as above */ }
}
function forget(tap) {
  memory.delete(tap.once);
  try { localStorage.removeItem(prefix + tap.once); } catch { /* as above */ }
}

function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What the box says; while it is away, with what waits on top of it. While it is there its own answer is never far.
function counted() {
  let current = known.current;
  for (const tap of away ? kept() : []) {
    // It was on its way when the box went, and something changed there since: that was this, as far as anybody knows.
    if (tap.tried && newest > tap.seen) continue;
    const highest = tap.over && known.overfill ? Infinity : Math.max(known.maximum, current);
    current = Math.min(Math.max(current + tap.by, 0), highest);
  }
  return current;
}

function show() {
  const current = counted(), left = Math.max(known.maximum - current, 0);
  const [number, text] = document.getElementById("left").children;
  number.textContent = left || "";
  text.textContent = left ? words.may : words.full;
  document.getElementById("left").className = "left " + (current > known.maximum ? "over" : left ? "free" : "full");
  document.getElementById("of").textContent = words.of.replace("%c", current).replace("%m", known.maximum);
  const waiting = kept().length;
  if (signedOut) return;
  const wait = waiting === 1 ? words.waitOne : words.waitMany.replace("%", waiting);
  live.textContent = away ? (waiting ? wait : words.away) : words.live;
  live.className = "sum " + (away ? "away" : "live");
}

function tell(text, seconds) {
  clearTimeout(quiet);
  said.textContent = text;
  if (seconds) quiet = setTimeout(() => { said.textContent = ""; }, seconds * 1000);
}

function heard(space, seq) {
  if (seq && seq < newest) return;
  newest = seq || newest;
  known = { current: space.current, maximum: space.maximum, overfill: space.overfill };
}

function reached(is) {
  away = !is;
  if (is && signedOut) signedOut = false;
  show();
}

function later() {
  clearTimeout(retry);
  retry = setTimeout(send, AGAIN);
}

function post(action, fields) {
  const patience = new AbortController();
  const late = setTimeout(() => patience.abort(), PATIENCE);
  const csrf = document.querySelector("[name=csrf_token]").value;
  const body = new URLSearchParams({ csrf_token: csrf, ...fields });
  const wish = { method: "POST", headers: { accept: "application/json" }, body, redirect: "manual", signal: patience.signal };
  return fetch(action, wish).finally(() => clearTimeout(late));
}

// Sends what waits, one after the other: in and out do not change places.
async function send() {
  if (sending) return;
  sending = true;
  try {
    for (let tap = kept()[0]; tap; tap = kept()[0]) {
      if (tap.tried && Date.now() - tap.tried > TRIED_FOR) {
        forget(tap);
        tell(words.lost.replace("%", 1));
        continue;
      }
      tap.seen ??= newest;
      tap.tried ??= Date.now();
      keep(tap);
      const fields = { once: tap.once, by: tap.by };
      if (tap.over) fields.over = "1";
      if (tap.undo) fields.undo = "1";
      const answer = await post("/spaces/" + words.space + "/door", fields);
      if (!await settled(tap, answer)) break;
    }
  } catch {
    reached(false);
    later();
  } finally {
    sending = false;
    show();
  }
}

// What the box said of a tap; false: it waits on.
async function settled(tap, answer) {
  if (answer.type === "opaqueredirect" || answer.status === 401) {
    needs_sign_in();
    return false;
  }
  // The page is older than the session: a new one has what forms must carry.
  if (answer.status === 403 && Date.now() - Number(sessionStorage.getItem(prefix) || 0) > 60_000) {
    sessionStorage.setItem(prefix, Date.now());
    location.reload();
    return false;
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
    reached(false);
    later();
    return false;
  }
  if (!answer.ok) {
    forget(tap);
    tell(words.refused);
    return true;
  }
  const became = await answer.json();
  const waited = away || tap.waited;
  heard(became, became.seq);
  forget(tap);
  reached(true);
  if (became.tap === "full") {
    last = last?.once === tap.once ? null : last;
    lateFull += waited ? 1 : 0;
    if (waited) tell(words.lateFull.replace("%", lateFull));
    else full();
  } else if (became.tap === "empty") {
    last = last?.once === tap.once ? null : last;
    tell(words.nobody, 3);
  } else if (became.tap === "undone") {
    tell(words.undone, 3);
  }
  age();
  return true;
}

// Nobody more fits: whoever may overfill is asked, others are told.
function full() {
  if (known.overfill) {
    ask.hidden = false;
    ask.querySelector("button").focus();
  } else {
    tell(words.notCounted, 3);
  }
}

let number = 0;
function tap(by, more) {
  const one = { once: key(), by, at: Date.now(), number: number++, ...more };
  if (away) one.waited = true;
  keep(one);
  last = one.undo ? null : one;
  if (!away) { said.textContent = ""; lateFull = 0; }
  age();
  show();
  send();
}

for (const form of document.querySelectorAll("form[data-count]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const by = Number(fields.get("by")), over = fields.has("over");
    ask.hidden = true;
    // While the box is away it is this phone's own sum that says whether somebody fits.
    if (by > 0 && !over && counted() >= known.maximum) return full();
    if (by < 0 && counted() === 0) return tell(words.nobody, 3);
    tap(by, over ? { over: true } : {});
  });
}

document.getElementById("no")?.addEventListener("click", (event) => {
  event.preventDefault();
  ask.hidden = true;
});

// The last tap is taken back: one that was never sent just goes.
undo?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!last) return;
  const waiting = kept().find((one) => one.once === last.once);
  const by = -last.by;
  last = null;
  if (waiting && !waiting.tried) {
    forget(waiting);
    tell(words.undone, 3);
  } else {
    tap(by, { undo: true, over: true });
  }
  age();
  show();
});

function age() {
  if (!undo) return;
  const seconds = last ? Math.max(0, Math.floor((Date.now() - last.at) / 1000)) : 0;
  undo.hidden = !last || seconds * 1000 > UNDO_FOR;
  if (undo.hidden) return;
  const ago = seconds < 60 ? words.seconds.replace("%", seconds) : words.minutes.replace("%", Math.floor(seconds / 60));
  undo.querySelector("button").textContent = (last.by > 0 ? words.undoIn : words.undoOut).replace("%", ago);
}
setInterval(age, 1000);

// Everybody out: held for two seconds; a short tap leads to the page that asks.
if (empty) {
  let holding = 0, done = false;
  empty.textContent = words.hold;
  const let_go = () => { clearTimeout(holding); empty.classList.remove("held"); };
  empty.addEventListener("pointerdown", () => {
    done = false;
    empty.classList.add("held");
    holding = setTimeout(() => {
      done = true;
      let_go();
      if (away || kept().length) return tell(words.needsBox);
      post("/spaces/" + words.space + "/empty", { once: key() })
        .then((answer) => answer.ok ? answer.json() : Promise.reject(answer))
        .then((became) => { heard(became, became.seq); last = null; age(); tell(words.emptied); show(); })
        .catch(() => tell(words.needsBox));
    }, HOLD);
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) empty.addEventListener(end, let_go);
  empty.addEventListener("contextmenu", (event) => event.preventDefault());
  empty.addEventListener("dragstart", (event) => event.preventDefault());
  empty.addEventListener("click", (event) => { if (done) event.preventDefault(); });
}

function needs_sign_in() {
  signedOut = true;
  live.className = "sum away";
  live.innerHTML = '<a href="/login"></a>';
  live.firstChild.textContent = words.signIn;
}

function listen() {
  const stream = new EventSource(words.stream);
  stream.addEventListener("open", () => { reached(true); send(); });
  stream.addEventListener("error", () => {
    reached(false);
    if (stream.readyState !== EventSource.CLOSED) return;
    // It does not come back by itself: the session is over, or something between here and the box gave an answer of its own.
    setTimeout(() => {
      fetch(location.pathname, { redirect: "manual", cache: "no-store" })
        .then((answer) => answer.type === "opaqueredirect" ? needs_sign_in() : listen())
        .catch(listen);
    }, AGAIN);
  });
  stream.addEventListener("space", (message) => {
    const space = JSON.parse(message.data);
    if (space.id !== words.space) return;
    heard(space, space.seq);
    show();
  });
  stream.addEventListener("again", () => location.reload());
}
// What keeps this page while the box is away; a browser that has no such thing keeps the taps all the same.
navigator.serviceWorker?.register("/worker.js").catch(() => {});
listen();
addEventListener("online", send);
addEventListener("storage", show);
show();
send();

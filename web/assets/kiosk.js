// A screen beside a door: moves as people come and go, takes turns in the languages of the house, and says so when what
// it shows is old or it was taken away.
"use strict";

const body = document.body;
const here = location.pathname;
const turns = [...document.querySelectorAll(".tongue")];
const TURN = 7_000, ASK = 20_000, OLD = 60_000;
let heard = Date.now(), time = body.dataset.time, stream = null;

function show(now) {
  heard = Date.now();
  time = now.time;
  body.classList.toggle("may", now.left > 0);
  body.classList.toggle("wait", now.left === 0);
  body.classList.remove("old");
  for (const number of document.querySelectorAll(".may b")) number.textContent = now.left;
}

function gone() {
  body.className = "kiosk gone turns";
  // Nothing of what it showed stays behind.
  document.querySelectorAll("h1, .may, .wait, .old").forEach((one) => one.remove());
  stream?.close();
  clearInterval(asking);
  clearInterval(looking);
}

function ask() {
  const patience = new AbortController();
  const late = setTimeout(() => patience.abort(), ASK / 2);
  fetch(here + "/now", { cache: "no-store", signal: patience.signal })
    .then((answer) => {
      if (answer.status === 404) return gone();
      if (answer.ok) return answer.json().then(show);
    })
    .catch(() => {})
    .finally(() => clearTimeout(late));
}

function listen() {
  stream = new EventSource(here + "/live?after=" + body.dataset.mark);
  stream.addEventListener("space", (message) => show(JSON.parse(message.data)));
  stream.addEventListener("gone", gone);
  stream.addEventListener("again", ask);
  // It ends when the box goes away, and when the screen is taken away: which of them, the box says.
  stream.addEventListener("error", () => {
    ask();
    if (stream.readyState === EventSource.CLOSED && !body.classList.contains("gone")) setTimeout(listen, ASK);
  });
}

function look() {
  if (Date.now() - heard < OLD || body.classList.contains("old")) return;
  for (const old of document.querySelectorAll("p.old")) old.textContent = old.dataset.from.replace("%", time);
  body.classList.add("old");
}

body.classList.add("turns");
let turn = 0;
if (turns.length > 1) {
  setInterval(() => {
    turns[turn].classList.remove("here");
    turn = (turn + 1) % turns.length;
    turns[turn].classList.add("here");
  }, TURN);
}
const asking = setInterval(ask, ASK);
const looking = setInterval(look, 1_000);
listen();

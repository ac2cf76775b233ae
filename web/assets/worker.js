// Keeps what a door needs while the box is away: the shell of the pages, the notice that says so, and the pages of the
// doors that this device counts at. Nothing else is kept, and the doors go when somebody signs out.
// SHELL, the addresses of the shell as this build has them, and BUILD, its name, stand above.
"use strict";

const DOORS = "doors", AWAY = "/away", DOOR = /^\/spaces\/[^/]+\/door$/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(BUILD).then((shell) => shell.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const older = (names) => names.filter((name) => name !== BUILD && name !== DOORS);
  event.waitUntil(caches.keys().then((names) => Promise.all(older(names).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

async function shell(request) {
  return await (await caches.open(BUILD)).match(request) ?? fetch(request);
}

async function signOut(request) {
  await caches.delete(DOORS);
  return fetch(request);
}

// The box itself comes first; what is kept is for when it does not answer.
async function page(request, path) {
  const isDoor = DOOR.test(path);
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    const kept = isDoor && await (await caches.open(DOORS)).match(path);
    return kept || await (await caches.open(BUILD)).match(AWAY) || Response.error();
  }
  if (isDoor) {
    const doors = await caches.open(DOORS);
    // Whoever may not count there any more, or is signed out, has no door kept either.
    if (answer.ok) await doors.put(path, answer.clone());
    else await doors.delete(path);
  }
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (SHELL.includes(url.pathname)) event.respondWith(shell(request));
  else if (request.method === "POST" && url.pathname === "/logout") event.respondWith(signOut(request));
  else if (request.method === "GET" && request.mode === "navigate") event.respondWith(page(request, url.pathname));
});

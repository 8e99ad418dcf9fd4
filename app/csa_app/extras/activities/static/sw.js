// Keeps the page itself, so that it opens without a network. What is entered is never in here.
const NAME = "csa-count-$version";
const FILES = ["./", "./count.js", "./count.css", "./icon.svg", "./manifest.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const clean = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("csa-count-") && name !== NAME).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(clean());
});
self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  const own = new URL("./", self.location).pathname;
  const isShell = FILES.some((file) => new URL(file, self.location).pathname === path);
  if (event.request.method !== "GET" || !isShell) return;
  const fresh = async () => {
    try {
      const answer = await fetch(event.request);
      if (answer.ok) (await caches.open(NAME)).put(event.request, answer.clone());
      return answer;
    } catch (error) {
      const kept = await caches.match(path === own ? "./" : event.request);
      if (kept) return kept;
      throw error;
    }
  };
  event.respondWith(fresh());
});

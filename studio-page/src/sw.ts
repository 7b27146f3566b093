/** The service worker: the page opens without a network, and paints on the device. */

/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope;

export {};

const FILES = "__FILES__" as unknown as string[];
const PAGE = "impasto-page-__VERSION__";
const KEPT = "impasto-kept";
const RUNTIME = ["ort/ort.wasm.min.mjs", "ort/ort-wasm-simd-threaded.mjs", "ort/ort-wasm-simd-threaded.wasm"];
const GPU = ["ort/ort.webgpu.min.mjs", "ort/ort-wasm-simd-threaded.asyncify.mjs", "ort/ort-wasm-simd-threaded.asyncify.wasm"];
/** Descriptions without anything personal in them: the newest, or else the last known; so too the network. */
const KNOWN = /\/api\/v1\/(capabilities|styles|styles\/[^/]+\/thumbnail)$/;

const here = (path: string) => new URL(path.replace(/^\//, ""), self.registration.scope).href;

self.addEventListener("install", (event) => {
  const files = FILES.map((path) => new Request(here(path), { cache: "no-cache" }));
  event.waitUntil(caches.open(PAGE).then((cache) => cache.addAll(files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("impasto-page-") && name !== PAGE) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

/** Keep what painting on the device takes: asked for by the page, once it has come to rest. */
self.addEventListener("message", (event) => {
  const { keep, gpu } = event.data as { keep: string[]; gpu: boolean };
  const wanted = [...RUNTIME, ...(gpu ? GPU : []), ...keep, "api/v1/capabilities", "api/v1/styles"].map(here);
  event.waitUntil(
    (async () => {
      const cache = await caches.open(KEPT);
      let all = true;
      for (const url of wanted) {
        const response = await fetch(url, { cache: "no-cache" }).catch(() => null);
        if (!response?.ok) all = false;
        else if (!isSame(response, await cache.match(url))) await cache.put(url, response);
      }
      event.ports[0]?.postMessage(all);
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const inside = url.href.startsWith(self.registration.scope);
  if (!inside) return;
  if (request.mode === "navigate") {
    if (url.href.split(/[?#]/)[0] === self.registration.scope) event.respondWith(newest(request, here(""), PAGE));
  } else if (KNOWN.test(url.pathname) || /\/(ort|models)\//.test(url.pathname)) event.respondWith(newest(request, url.href, KEPT));
  else if (FILES.some((path) => here(path) === url.href)) event.respondWith(kept(request, PAGE));
});

async function newest(request: Request, key: string, name: string): Promise<Response> {
  const cache = await caches.open(name);
  try {
    const response = await fetch(request);
    if (response.ok && name === KEPT && !isSame(response, await cache.match(key))) await cache.put(key, response.clone());
    // A studio that is down behind a proxy is as far away as one that does not answer.
    if (response.status < 502 || !(await cache.match(key))) return response;
  } catch (error) {
    if (!(await cache.match(key))) throw error;
  }
  return (await cache.match(key))!;
}

function isSame(response: Response, known: Response | undefined): boolean {
  const tag = response.headers.get("ETag");
  return tag !== null && known?.headers.get("ETag") === tag;
}

async function kept(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(name);
  return (await cache.match(request.url)) ?? fetch(request);
}

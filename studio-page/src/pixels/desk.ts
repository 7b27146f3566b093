/** The worker, asked from the page. */

import { address } from "../http";
import type { Draft, Reply } from "./messages";

type Waiting = { resolve: (reply: Reply) => void; reject: (error: Error) => void };

let worker: Worker | null = null;
let next = 1;
const waiting = new Map<number, Waiting>();

function desk(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "desk" });
  worker.onmessage = (event: MessageEvent<Reply>) => {
    const { id, error } = event.data;
    const who = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) who?.resolve(event.data);
    else who?.reject(new Error(error));
  };
  worker.onerror = (event) => {
    for (const who of waiting.values()) who.reject(new Error(event.message || "the page's painter stopped"));
    waiting.clear();
    worker = null;
  };
  return worker;
}

export function ask(draft: Draft): Promise<Reply> {
  const request = { ...draft, id: next++ };
  return new Promise((resolve, reject) => {
    waiting.set(request.id, { resolve, reject });
    desk().postMessage(request);
  });
}

/** Load the gallery network; answers with its styles and with what it runs on. */
export function loadNetwork(model: string): Promise<Reply> {
  const threads = Math.min(8, Math.max(1, navigator.hardwareConcurrency || 1));
  return ask({ kind: "load", model: address(model), ort: address("ort/"), threads, gpu: true });
}

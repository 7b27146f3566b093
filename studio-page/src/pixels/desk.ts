/** The worker, asked from the page. */

import { DetailedError } from "../detailed";
import { address } from "../http";
import { t } from "../language";
import type { Draft, Reply } from "./messages";

/** The network, its encoder, and the statistics of named styles, as the studio has them. */
export const MODELS = ["models/any-painting.onnx", "models/any-painting-encoder.onnx", "models/styles.safetensors"];

type Waiting = { resolve: (reply: Reply) => void; reject: (error: Error) => void };

let worker: Worker | null = null;
let next = 1;
const waiting = new Map<number, Waiting>();
const kept = new Set<string>();

function desk(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "desk" });
  worker.onmessage = (event: MessageEvent<Reply>) => {
    const { id, error } = event.data;
    const who = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) who?.resolve(event.data);
    else who?.reject(failure(error));
  };
  worker.onerror = (event) => {
    for (const who of waiting.values()) who.reject(failure(event.message));
    waiting.clear();
    kept.clear();
    worker = null;
  };
  return worker;
}

function failure(detail: string): Error {
  return new DetailedError(t`The page could not compute this picture.`, detail);
}

export function ask(draft: Draft): Promise<Reply> {
  const request = { ...draft, id: next++ };
  return new Promise((resolve, reject) => {
    waiting.set(request.id, { resolve, reject });
    desk().postMessage(request);
  });
}

/** Load the network; answers with the styles that it has the statistics of, and with what it runs on. */
export function loadNetwork(): Promise<Reply> {
  const threads = Math.min(8, Math.max(1, navigator.hardwareConcurrency || 1));
  const [painter, encoder, styles] = MODELS.map(address) as [string, string, string];
  return ask({ kind: "load", files: { painter, encoder, styles, ort: address("ort/") }, threads });
}

/** Tell the worker of a painting of one's own, once. */
export async function keepPainting(key: string, pixels: () => Promise<ImageData>): Promise<void> {
  if (kept.has(key)) return;
  await ask({ kind: "painting", key, image: await pixels() });
  kept.add(key);
}

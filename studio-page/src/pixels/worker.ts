/** Paints and finishes off the main thread. Only the network's files are fetched; no picture leaves. */

/// <reference lib="webworker" />
import { keepColours } from "./colours";
import { compose, protect } from "./layers";
import { LEAST, Network } from "./network";
import { fit, resize, toImage, toPlanes, type Planes } from "./planes";
import type { Finish, Paint, Reply, Request } from "./messages";

declare const self: DedicatedWorkerGlobalScope;

let photo: Planes | null = null;
let sized: Planes | null = null;
let network: Network | null = null;

self.onmessage = (event: MessageEvent<Request>) => {
  waiting = waiting.then(() => answer(event.data));
};
let waiting: Promise<void> = Promise.resolve();

async function answer(request: Request): Promise<void> {
  try {
    const reply = await perform(request);
    const transfer = "image" in reply && reply.image ? [reply.image.data.buffer] : [];
    self.postMessage({ id: request.id, ...reply } satisfies Reply, transfer);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ id: request.id, error: message } satisfies Reply);
  }
}

async function perform(request: Request): Promise<Omit<Reply, "id">> {
  switch (request.kind) {
    case "photo":
      photo = toPlanes(request.image);
      sized = null;
      return {};
    case "painting":
      loaded().keep(request.key, toPlanes(request.image));
      return {};
    case "load":
      network ??= await Network.load(request.files, request.threads);
      return { styles: network.names(), provider: network.provider };
    case "paint":
      return paint(request);
    case "finish":
      return { image: toImage(finish(request.images.map(toPlanes), request)) };
  }
}

function loaded(): Network {
  if (!network) throw new Error("the network has not been loaded");
  return network;
}

function photoAt(width: number, height: number): Planes {
  if (!photo) throw new Error("there is no photograph yet");
  if (sized?.width !== width || sized.height !== height) sized = resize(photo, width, height);
  return sized;
}

async function paint(request: Paint): Promise<Omit<Reply, "id">> {
  if (!photo) throw new Error("there is no photograph yet");
  const began = performance.now();
  const [width, height] = fit(photo.width, photo.height, request.side).map((side) => Math.max(LEAST, side)) as [number, number];
  const content = photoAt(width, height);
  const paintings: Planes[] = [];
  for (const mix of request.mixes) paintings.push(await loaded().paint(content, mix, request.strength, request.strokeSize));
  const image = toImage(finish(paintings, request));
  return { image, milliseconds: performance.now() - began };
}

function finish(paintings: Planes[], request: Pick<Finish, "masks" | "protect" | "keepColor">): Planes {
  const first = paintings[0];
  if (!first) throw new Error("there is nothing to finish");
  const content = photoAt(first.width, first.height);
  const laid = compose(content, paintings, request.masks);
  const coloured = keepColours(laid, content, request.keepColor);
  return request.protect ? protect(coloured, content, request.protect) : coloured;
}

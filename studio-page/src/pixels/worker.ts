/** Paints and finishes off the main thread. Only the network's file is fetched; no picture leaves. */

/// <reference lib="webworker" />
import type * as Ort from "onnxruntime-web";
import { keepColours } from "./colours";
import { compose, protect } from "./layers";
import { readStyles, styleVector, type ModelStyle } from "./model";
import { fit, resize, toImage, toPlanes, type Planes } from "./planes";
import type { Finish, Paint, Reply, Request } from "./messages";

declare const self: DedicatedWorkerGlobalScope;

interface Network {
  ort: typeof Ort;
  session: Ort.InferenceSession;
  styles: ModelStyle[];
  provider: string;
}

/** The network takes no smaller sides. */
const LEAST = 16;

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
    case "load":
      network ??= await load(request.model, request.ort, request.threads, request.gpu);
      return { styles: network.styles.map((style) => style.name), provider: network.provider };
    case "paint":
      return paint(request);
    case "finish":
      return { image: toImage(finish(request.images.map(toPlanes), request)) };
  }
}

async function load(model: string, folder: string, threads: number, gpu: boolean): Promise<Network> {
  const response = await fetch(model);
  if (!response.ok) throw new Error(`the gallery network could not be had (${response.status})`);
  const file = new Uint8Array(await response.arrayBuffer());
  const styles = readStyles(file);
  const onGpu = gpu && (await hasGpu());
  if (onGpu) {
    try {
      return { ...(await start(`${folder}ort.webgpu.min.mjs`, "webgpu", file, threads)), styles };
    } catch (error) {
      console.warn("WebGPU did not start; painting on the processor", error);
    }
  }
  return { ...(await start(`${folder}ort.wasm.min.mjs`, "wasm", file, threads)), styles };
}

async function hasGpu(): Promise<boolean> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
  return gpu ? (await gpu.requestAdapter().catch(() => null)) !== null : false;
}

async function start(
  library: string,
  provider: "wasm" | "webgpu",
  file: Uint8Array,
  threads: number,
): Promise<Omit<Network, "styles">> {
  const ort = (await import(/* @vite-ignore */ library)) as typeof Ort;
  ort.env.wasm.numThreads = self.crossOriginIsolated ? threads : 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(file, { executionProviders: [provider], logSeverityLevel: 3 });
  return { ort, session, provider };
}

function photoAt(width: number, height: number): Planes {
  if (!photo) throw new Error("there is no photograph yet");
  if (sized?.width !== width || sized.height !== height) sized = resize(photo, width, height);
  return sized;
}

async function paint(request: Paint): Promise<Omit<Reply, "id">> {
  if (!network) throw new Error("the gallery network has not been loaded");
  if (!photo) throw new Error("there is no photograph yet");
  const began = performance.now();
  const [width, height] = fit(photo.width, photo.height, request.side).map((side) => Math.max(LEAST, side)) as [number, number];
  const content = photoAt(width, height);
  const paintings: Planes[] = [];
  for (const mix of request.mixes) {
    paintings.push(await run(network, content, styleVector(network.styles, mix, request.strength, request.strokeSize)));
  }
  const image = toImage(finish(paintings, request));
  return { image, milliseconds: performance.now() - began };
}

async function run({ ort, session }: Network, content: Planes, style: Float32Array<ArrayBuffer>): Promise<Planes> {
  const { width, height, data } = content;
  const outputs = await session.run({
    image: new ort.Tensor("float32", data, [1, 3, height, width]),
    weights: new ort.Tensor("float32", style, [1, style.length]),
  });
  const painting = outputs["painting"];
  if (!painting) throw new Error("the gallery network gave no painting");
  // What is laid over it next is reckoned from the colours as they are seen.
  const result = Float32Array.from((await painting.getData()) as Float32Array, (value) => Math.min(1, Math.max(0, value)));
  painting.dispose();
  return { width, height, data: result };
}

function finish(paintings: Planes[], request: Pick<Finish, "masks" | "protect" | "keepColor">): Planes {
  const first = paintings[0];
  if (!first) throw new Error("there is nothing to finish");
  const content = photoAt(first.width, first.height);
  const laid = compose(content, paintings, request.masks);
  const coloured = keepColours(laid, content, request.keepColor);
  return request.protect ? protect(coloured, content, request.protect) : coloured;
}

/** The network for any painting, by ONNX Runtime Web: it measures paintings, and paints. */

import type * as Ort from "onnxruntime-web";
import { cropped, emboldened, halved, padded, passesFor, STRIDE } from "./passes";
import { fit, resize, type Planes } from "./planes";
import { mixture, NUMBERS, sizeFor, sizesOf, StyleFile, type Row } from "./statistics";
import { changed } from "./weights";

/** What painting takes, where it lies. */
export interface Files {
  painter: string;
  encoder: string;
  styles: string;
  /** The folder of ONNX Runtime. */
  ort: string;
}

/** Sides of the least photograph and of the least painting. */
export const LEAST = 32;
const LEAST_PAINTING = 16;

interface Runtime {
  ort: typeof Ort;
  provider: "wasm" | "webgpu";
}

/** A painting's statistics at a size are measured once. */
interface OwnStyle {
  planes: Planes;
  rows: Map<number, Row>;
}

/** How many networks are kept for the next pictures, as styles change them. */
const OPEN = 3;

interface Part {
  key: string;
  weight: number;
}

export class Network {
  readonly #own = new Map<string, OwnStyle>();
  readonly #painters: Map<string, Ort.InferenceSession>;
  #encoder: Ort.InferenceSession | null = null;

  private constructor(
    private readonly runtime: Runtime,
    unchanged: Ort.InferenceSession,
    private readonly painter: ArrayBuffer,
    private readonly styles: StyleFile,
    private readonly encoderFile: string,
  ) {
    this.#painters = new Map([["[]", unchanged]]);
  }

  get provider(): string {
    return this.runtime.provider;
  }

  static async load(files: Files, threads: number): Promise<Network> {
    const [painter, styles] = await Promise.all([fetched(files.painter), fetched(files.styles)]);
    const open = async (found: Runtime) => {
      const session = await opened(found, new Uint8Array(painter));
      return new Network(found, session, painter, new StyleFile(styles), files.encoder);
    };
    if (await hasGpu()) {
      try {
        return await open(await loadRuntime(`${files.ort}ort.webgpu.min.mjs`, "webgpu", threads));
      } catch (error) {
        console.warn("WebGPU did not start; painting on the processor", error);
      }
    }
    return open(await loadRuntime(`${files.ort}ort.wasm.min.mjs`, "wasm", threads));
  }

  /** The names of the styles whose statistics are there. */
  names(): string[] {
    return this.styles.names();
  }

  /** Keep a painting of one's own under `key`. */
  keep(key: string, planes: Planes): void {
    this.#own.set(key, { planes, rows: new Map() });
  }

  /** `content` painted in a mixture, whose shares add up to 1; values are those that are seen, 0 to 1. */
  async paint(content: Planes, mix: readonly Part[], strength: number, strokeSize: number): Promise<Planes> {
    const painter = await this.#painter(mix, strength);
    const { count, boldness } = passesFor(strokeSize, content.width, content.height);
    const shares = mix.map(({ weight }) => weight);
    const pass = async (image: Planes, halvings: number): Promise<Planes> => {
      let bolder = image;
      if (halvings < count - 1) {
        const small = halved(image);
        bolder = emboldened(image, small, await pass(small, halvings + 1), halvings === count - 2 ? boldness : 1);
      }
      const rows: Row[] = [];
      for (const { key } of mix) rows.push(await this.#row(key, strokeSize, halvings));
      return this.#once(painter, bolder, mixture(rows, shares), strength);
    };
    const painted = await pass(padded(content, STRIDE << (count - 1)), 0);
    return cropped(painted, content.width, content.height);
  }

  /** The network as the styles of a mixture change it, each by its share; less below a strength of 1. */
  async #painter(mix: readonly Part[], strength: number): Promise<Ort.InferenceSession> {
    const shares = new Map<string, number>();
    for (const { key, weight } of mix) {
      const share = (shares.get(key) ?? 0) + weight * Math.min(1, strength);
      if (share > 0 && !this.#own.has(key) && this.styles.changes(key)) shares.set(key, share);
    }
    const wanted = JSON.stringify([...shares].sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#painters.get(wanted);
    const changes = [...shares].map(([key, share]) => ({ changes: this.styles.changes(key)!, share }));
    const found = known ?? (await opened(this.runtime, changed(this.painter, changes)));
    this.#painters.delete(wanted);
    this.#painters.set(wanted, found); // those used last are kept
    for (const [oldest, session] of this.#painters) {
      if (this.#painters.size <= OPEN) break;
      this.#painters.delete(oldest);
      await session.release();
    }
    return found;
  }

  /** One pass. */
  async #once(painter: Ort.InferenceSession, { width, height, data }: Planes, style: Row, strength: number): Promise<Planes> {
    const { Tensor } = this.runtime.ort;
    const outputs = await painter.run({
      image: new Tensor("float32", data, [1, 3, height, width]),
      style: new Tensor("float32", style, [1, NUMBERS]),
      strength: new Tensor("float32", Float32Array.of(strength), [1]),
    });
    return { width, height, data: await taken(outputs["painting"], (value) => Math.min(1, Math.max(0, value))) };
  }

  async #row(key: string, strokeSize: number, halvings: number): Promise<Row> {
    const own = this.#own.get(key);
    if (!own) return this.styles.row(key, sizeFor(strokeSize, halvings, this.styles.sizes(key)));
    const { planes, rows } = own;
    const scaled = (side: number) => fit(planes.width, planes.height, side);
    const size = sizeFor(strokeSize, halvings, sizesOf(planes.width, planes.height, LEAST_PAINTING, scaled));
    const known = rows.get(size) ?? (await this.#measure(resize(planes, ...scaled(size))));
    rows.set(size, known);
    return known;
  }

  async #measure({ width, height, data }: Planes): Promise<Row> {
    // It is fetched only where a painting of one's own is to be measured.
    this.#encoder ??= await opened(this.runtime, new Uint8Array(await fetched(this.encoderFile)));
    const outputs = await this.#encoder.run({ image: new this.runtime.ort.Tensor("float32", data, [1, 3, height, width]) });
    return taken(outputs["style"]);
  }
}

/** The numbers of an output, which is given back. */
async function taken(output: Ort.Tensor | undefined, change: (value: number) => number = (value) => value): Promise<Row> {
  if (!output) throw new Error("the network gave no result");
  const found = Float32Array.from((await output.getData()) as Float32Array, change);
  output.dispose();
  return found;
}

async function fetched(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the network could not be had (${response.status})`);
  return response.arrayBuffer();
}

async function hasGpu(): Promise<boolean> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
  return gpu ? (await gpu.requestAdapter().catch(() => null)) !== null : false;
}

async function loadRuntime(library: string, provider: Runtime["provider"], threads: number): Promise<Runtime> {
  const ort = (await import(/* @vite-ignore */ library)) as typeof Ort;
  ort.env.wasm.numThreads = self.crossOriginIsolated ? threads : 1;
  ort.env.logLevel = "error";
  return { ort, provider };
}

function opened({ ort, provider }: Runtime, file: Uint8Array): Promise<Ort.InferenceSession> {
  return ort.InferenceSession.create(file, { executionProviders: [provider], logSeverityLevel: 3 });
}

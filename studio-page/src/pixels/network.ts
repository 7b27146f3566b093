/** The network for any painting, by ONNX Runtime Web: it measures paintings, and paints. */

import type * as Ort from "onnxruntime-web";
import { cropped, emboldened, halved, padded, passesFor, STRIDE } from "./passes";
import { fit, resize, type Planes } from "./planes";
import { mixture, NUMBERS, sizeFor, sizesOf, StyleFile, type Row } from "./statistics";

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

export class Network {
  readonly #own = new Map<string, OwnStyle>();
  #encoder: Promise<Ort.InferenceSession> | null = null;

  private constructor(
    readonly provider: string,
    private readonly ort: typeof Ort,
    private readonly painter: Ort.InferenceSession,
    private readonly styles: StyleFile,
    private readonly openEncoder: () => Promise<Ort.InferenceSession>,
  ) {}

  static async load(files: Files, threads: number): Promise<Network> {
    const [painter, styles] = await Promise.all([fetched(files.painter), fetched(files.styles)]);
    const open = async (found: Runtime) => {
      const session = await opened(found, painter);
      // Only where a painting of one's own is to be measured.
      const encoder = async () => opened(found, await fetched(files.encoder));
      return new Network(found.provider, found.ort, session, new StyleFile(styles), encoder);
    };
    if (await hasGpu()) {
      try {
        return await open(await runtime(`${files.ort}ort.webgpu.min.mjs`, "webgpu", threads));
      } catch (error) {
        console.warn("WebGPU did not start; painting on the processor", error);
      }
    }
    return open(await runtime(`${files.ort}ort.wasm.min.mjs`, "wasm", threads));
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
  async paint(content: Planes, mix: readonly { key: string; weight: number }[], strength: number, strokeSize: number): Promise<Planes> {
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
      return this.#once(bolder, mixture(rows, shares), strength);
    };
    const painted = await pass(padded(content, STRIDE << (count - 1)), 0);
    return cropped(painted, content.width, content.height);
  }

  /** One pass. */
  async #once({ width, height, data }: Planes, style: Row, strength: number): Promise<Planes> {
    const outputs = await this.painter.run({
      image: new this.ort.Tensor("float32", data, [1, 3, height, width]),
      style: new this.ort.Tensor("float32", style, [1, NUMBERS]),
      strength: new this.ort.Tensor("float32", Float32Array.of(strength), [1]),
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
    const encoder = await (this.#encoder ??= this.openEncoder());
    const outputs = await encoder.run({ image: new this.ort.Tensor("float32", data, [1, 3, height, width]) });
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

async function runtime(library: string, provider: Runtime["provider"], threads: number): Promise<Runtime> {
  const ort = (await import(/* @vite-ignore */ library)) as typeof Ort;
  ort.env.wasm.numThreads = self.crossOriginIsolated ? threads : 1;
  ort.env.logLevel = "error";
  return { ort, provider };
}

function opened({ ort, provider }: Runtime, file: ArrayBuffer): Promise<Ort.InferenceSession> {
  return ort.InferenceSession.create(new Uint8Array(file), { executionProviders: [provider], logSeverityLevel: 3 });
}

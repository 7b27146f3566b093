/** Styles as the network for any painting takes them: means and covariances of features, and mixtures of them. */

import { unpacked, type Changes } from "./weights";

/** Channels of relu4_1, relu3_1, relu2_1 and relu1_1. */
export const CHANNELS = [128, 64, 32, 16] as const;
export const LAYERS = ["relu4_1", "relu3_1", "relu2_1", "relu1_1"] as const;
/** Numbers of a style at one size: a mean and a covariance of each layer, one after the other. */
export const NUMBERS = CHANNELS.reduce((sum, channels) => sum + channels * (channels + 1), 0);
/** The long side in pixels at which a painting is measured for strokes of its own size. */
const STYLE_SIDE = 512;
/** The long sides at which styles are measured, as in `impasto.catalogue.sizes`. */
const SIZES = Array.from({ length: 15 }, (_, k) => Math.round(128 * Math.SQRT2 ** k));

export type Row = Float32Array<ArrayBuffer>;

/** The size of `sizes` nearest to `side`, by ratio. */
export function nearest(side: number, sizes: readonly number[] = SIZES): number {
  const apart = (size: number) => Math.abs(Math.log(size / Math.max(1, side)));
  return sizes.reduce((best, size) => (apart(size) < apart(best) ? size : best));
}

/** The long side for strokes of `strokeSize` in a pass at the picture's size halved `halvings` times, among those a style has. */
export function sizeFor(strokeSize: number, halvings: number, sizes: readonly number[]): number {
  const side = nearest((STYLE_SIDE * strokeSize) / 2 ** halvings);
  return Math.min(Math.max(...sizes), Math.max(Math.min(...sizes), side));
}

/** The long sides a painting may be measured at: none much larger than its own, nor with sides below `least`. */
export function sizesOf(width: number, height: number, least: number, fit: (side: number) => [number, number]): number[] {
  const known = SIZES.filter((size) => size <= nearest(Math.max(width, height)));
  const found = known.filter((size) => Math.min(...fit(size)) >= least);
  return found.length > 0 ? found : known.slice(-1);
}

/** The row of a mixture: of paintings, or of the parts of one. `shares` add up to 1. */
export function mixture(rows: readonly Row[], shares: readonly number[]): Row {
  const found = new Float32Array(NUMBERS);
  let start = 0;
  for (const channels of CHANNELS) {
    const products = start + channels;
    const mean = new Float64Array(channels);
    rows.forEach((row, k) => mean.forEach((_, i) => (mean[i]! += shares[k]! * row[start + i]!)));
    found.set(mean, start);
    rows.forEach((row, k) => {
      for (let i = 0; i < channels; i++) {
        const apart = row[start + i]! - mean[i]!;
        for (let j = 0; j < channels; j++) {
          const at = products + i * channels + j;
          found[at]! += shares[k]! * (row[at]! + apart * (row[start + j]! - mean[j]!));
        }
      }
    });
    start = products + channels * channels;
  }
  return found;
}

/** The row of a mean and a Gram matrix of each layer, the latter as an upper triangle, row by row. */
export function toRow(layers: readonly { mean: Float32Array; gram: Float32Array }[]): Row {
  const row = new Float32Array(NUMBERS);
  let start = 0;
  layers.forEach(({ mean, gram }, layer) => {
    const channels = CHANNELS[layer]!;
    row.set(mean, start);
    let at = 0;
    for (let i = 0; i < channels; i++) {
      for (let j = i; j < channels; j++) {
        const value = gram[at++]! - mean[i]! * mean[j]!;
        row[start + channels + i * channels + j] = value;
        row[start + channels + j * channels + i] = value;
      }
    }
    start += channels * (channels + 1);
  });
  return row;
}

/** Named styles in a file of their statistics at several sizes, and of how they change the network. */
export class StyleFile {
  readonly #tensors = new Map<string, Float32Array>();
  readonly #changes = new Map<string, Map<string, Float32Array>>();

  /**
   * `file`: safetensors called `STYLE/SIZE/LAYER/mean` and `gram`, float16; and, for those that change it,
   * `STYLE/change/TENSOR`, four bits with `STYLE/change/TENSOR/step`, or float16.
   */
  constructor(file: ArrayBuffer) {
    const tensors = readTensors(file);
    for (const [name, numbers] of tensors) {
      const [style = "", part, tensor = "", more] = name.split("/");
      if (part !== "change") {
        if (numbers instanceof Float32Array) this.#tensors.set(name, numbers);
      } else if (more === undefined) {
        const steps = tensors.get(`${name}/step`);
        const change = numbers instanceof Uint8Array ? unpacked(numbers, steps as Float32Array) : numbers;
        this.#changes.set(style, (this.#changes.get(style) ?? new Map<string, Float32Array>()).set(tensor, change));
      }
    }
  }

  /** How a style changes the network; undefined where it does not. */
  changes(style: string): Changes | undefined {
    return this.#changes.get(style);
  }

  names(): string[] {
    return [...new Set([...this.#tensors.keys()].map((name) => name.split("/")[0]!))];
  }

  sizes(style: string): number[] {
    const found = [...this.#tensors.keys()].filter((name) => name.startsWith(`${style}/`)).map((name) => Number(name.split("/")[1]));
    return [...new Set(found)].sort((a, b) => a - b);
  }

  row(style: string, size: number): Row {
    const tensor = (name: string) => {
      const found = this.#tensors.get(`${style}/${size}/${name}`);
      if (!found) throw new Error(`the statistics of ${style} lack ${name} at ${size} pixels`);
      return found;
    };
    return toRow(LAYERS.map((layer) => ({ mean: tensor(`${layer}/mean`), gram: tensor(`${layer}/gram`) })));
  }
}

/** The tensors of a safetensors file of float16 and of bytes: eight bytes of length, a JSON header, numbers. */
export function readTensors(file: ArrayBuffer): Map<string, Float32Array | Uint8Array> {
  const view = new DataView(file);
  const length = file.byteLength < 8 ? Infinity : Number(view.getBigUint64(0, true));
  if (8 + length > file.byteLength) throw new Error("the styles' file is cut short");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length))) as Record<string, { dtype: string; data_offsets: [number, number] }>;
  const found = new Map<string, Float32Array | Uint8Array>();
  for (const [name, about] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [start, end] = about.data_offsets;
    if (about.dtype !== "F16" && about.dtype !== "U8") throw new Error(`expected ${name} in F16 or U8; got ${about.dtype}`);
    if (8 + length + end > file.byteLength) throw new Error("the styles' file is cut short");
    if (about.dtype === "U8") {
      found.set(name, new Uint8Array(file, 8 + length + start, end - start));
      continue;
    }
    const numbers = new Float32Array((end - start) / 2);
    for (let k = 0; k < numbers.length; k++) numbers[k] = fromHalf(view.getUint16(8 + length + start + 2 * k, true));
    found.set(name, numbers);
  }
  return found;
}

/** The number that 16 bits stand for (IEEE 754, binary16). */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

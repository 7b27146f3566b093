import { describe, expect, test } from "vitest";
import { CHANNELS, fromHalf, LAYERS, mixture, nearest, NUMBERS, readTensors, sizeFor, sizesOf, StyleFile, toRow, type Row } from "../src/pixels/statistics";

/** A row of one number everywhere. */
const filled = (value: number): Row => new Float32Array(NUMBERS).fill(value);
const SIZES = [128, 181, 256, 362, 512, 724, 1024];

/** A safetensors file of float16 tensors. */
function safetensors(tensors: Record<string, number[]>): ArrayBuffer {
  let end = 0;
  const header = Object.fromEntries(Object.entries(tensors).map(([name, bits]) => [name, { dtype: "F16", shape: [bits.length], data_offsets: [end, (end += 2 * bits.length)] }]));
  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: { a: "b" }, ...header }));
  const bytes = new Uint8Array(8 + text.length + end);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  Object.values(tensors).flat().forEach((bits, k) => view.setUint16(8 + text.length + 2 * k, bits, true));
  return bytes.buffer;
}

const ONE = 0x3c00;
const TWO = 0x4000;

describe("sizes", () => {
  test("are the nearest by ratio", () => {
    expect([90, 150, 153, 512, 600, 5000].map((side) => nearest(side))).toEqual([128, 128, 181, 512, 512, 5793]);
  });

  test("are those of the strokes and of strokes twice as large, as far as the style goes", () => {
    const sizes = (strokeSize: number) => [0, 1, 2].map((halvings) => sizeFor(strokeSize, halvings, SIZES));
    expect(sizes(1)).toEqual([512, 256, 128]);
    expect(sizes(0.8)).toEqual([362, 181, 128]);
    expect(sizes(4)).toEqual([1024, 1024, 512]);
    expect(sizes(0.25)).toEqual([128, 128, 128]);
  });

  test("of a painting are none beyond its own, and none with too short a side", () => {
    const fit = (width: number, height: number) => (side: number): [number, number] => [Math.round((width * side) / Math.max(width, height)), Math.round((height * side) / Math.max(width, height))];
    expect(sizesOf(500, 400, 16, fit(500, 400))).toEqual([128, 181, 256, 362, 512]);
    expect(sizesOf(600, 60, 16, fit(600, 60))).toEqual([181, 256, 362, 512]);
    expect(sizesOf(90, 16, 16, fit(90, 16))).toEqual([128]);
  });
});

describe("a mixture", () => {
  test("of a style with itself is that style", () => {
    const row = Float32Array.from({ length: NUMBERS }, (_, k) => Math.sin(k));
    const found = mixture([row, row], [0.25, 0.75]);
    expect(Math.max(...found.map((value, k) => Math.abs(value - row[k]!)))).toBeLessThan(1e-6);
  });

  test("varies by how its parts do and by how far their means are apart", () => {
    const [first, second] = [filled(1), filled(1)];
    // Of the last layer, the mean of channel 0 is 1 in one and 5 in the other.
    const start = NUMBERS - CHANNELS[3] * (CHANNELS[3] + 1);
    second[start] = 5;
    const found = mixture([first, second], [0.5, 0.5]);
    expect(found[start]).toBe(3);
    const covariance = start + CHANNELS[3];
    expect(found[covariance]).toBe(1 + 4); // half of 2 squared, twice
    expect(found[covariance + 1]).toBe(1);
  });
});

test("a covariance is a Gram matrix without its mean, and symmetric", () => {
  const layers = CHANNELS.map((channels) => ({ mean: new Float32Array(channels), gram: new Float32Array((channels * (channels + 1)) / 2) }));
  layers[3]!.mean.set([1, 2]);
  layers[3]!.gram.set([5, 7]); // products of channel 0 with itself and with channel 1
  const row = toRow(layers);
  const start = NUMBERS - CHANNELS[3] * (CHANNELS[3] + 1);
  expect([...row.subarray(start, start + 3)]).toEqual([1, 2, 0]);
  const covariance = start + CHANNELS[3];
  expect(row[covariance]).toBe(5 - 1);
  expect(row[covariance + 1]).toBe(7 - 2);
  expect(row[covariance + CHANNELS[3]]).toBe(7 - 2);
});

describe("a file of styles", () => {
  test("has numbers in half precision", () => {
    expect([0x0000, ONE, TWO, 0xc000, 0x3555, 0x7bff, 0x0001, 0x8000].map(fromHalf)).toEqual([0, 1, 2, -2, 0.333251953125, 65504, 2 ** -24, -0]);
    expect(fromHalf(0x7c00)).toBe(Infinity);
    expect(fromHalf(0x7e00)).toBeNaN();
  });

  test("is read by its header", () => {
    const found = readTensors(safetensors({ a: [ONE, TWO], b: [TWO] }));
    expect([...found].map(([name, numbers]) => [name, [...numbers]])).toEqual([["a", [1, 2]], ["b", [2]]]);
  });

  test("that is cut short or something else is refused", () => {
    const whole = safetensors({ a: [ONE, TWO] });
    expect(() => readTensors(whole.slice(0, -1))).toThrow("cut short");
    expect(() => readTensors(new ArrayBuffer(4))).toThrow("cut short");
    expect(() => readTensors(new TextEncoder().encode("a page, not numbers").buffer)).toThrow("cut short");
  });

  test("knows its styles, their sizes and their rows", () => {
    const tensors: Record<string, number[]> = {};
    for (const size of [256, 128]) {
      LAYERS.forEach((layer, k) => {
        const channels = CHANNELS[k]!;
        tensors[`waves/${size}/${layer}/mean`] = Array<number>(channels).fill(ONE);
        tensors[`waves/${size}/${layer}/gram`] = Array<number>((channels * (channels + 1)) / 2).fill(TWO);
      });
    }
    const file = new StyleFile(safetensors(tensors));
    expect(file.names()).toEqual(["waves"]);
    expect(file.sizes("waves")).toEqual([128, 256]);
    expect(new Set(file.row("waves", 128))).toEqual(new Set([1])); // means of 1; 2 - 1 x 1
    expect(() => file.row("waves", 512)).toThrow("waves lack");
  });
});

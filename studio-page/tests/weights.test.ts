import { expect, test } from "vitest";
import { readTensors, StyleFile } from "../src/pixels/statistics";
import { changed, numbersIn, unpacked } from "../src/pixels/weights";

/** A field of Protocol Buffers that has a length. */
function field(number: number, ...parts: (number | Uint8Array)[]): Uint8Array {
  const body = parts.flatMap((part) => (typeof part === "number" ? [part] : [...part]));
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Uint8Array.from([number * 8 + 2, ...length, ...body]);
}

const text = (words: string) => new TextEncoder().encode(words);
const floats = (...numbers: number[]) => new Uint8Array(Float32Array.from(numbers).buffer);

/** An ONNX file with the tensors `a` (one number) and `b` (fifty), among fields of every other kind. */
function network(): ArrayBuffer {
  const tensor = (name: string, ...values: number[]) => field(5, 2 * 8, 1, field(8, ...text(name)), field(9, ...floats(...values)));
  const graph = field(7, field(2, ...text("paint")), tensor("a", 1), Uint8Array.of(5 * 8 + 5, 1, 2, 3, 4), tensor("b", ...Array<number>(50).fill(2)));
  const parts = [Uint8Array.of(1 * 8, 0x88, 0x01), Uint8Array.of(3 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8), graph];
  return Uint8Array.from(parts.flatMap((part) => [...part])).buffer;
}

/** The numbers of a tensor of a file. */
function numbersOf(file: Uint8Array, name: string): number[] {
  const { start, length } = numbersIn(file).get(name)!;
  return [...new Float32Array(file.slice(start, start + length).buffer)];
}

test("the numbers of a network are found in its file", () => {
  const file = new Uint8Array(network());
  expect([...numbersIn(file).keys()]).toEqual(["a", "b"]);
  expect(numbersOf(file, "a")).toEqual([1]);
  expect(numbersOf(file, "b")).toEqual(Array(50).fill(2));
  expect(() => numbersIn(file.subarray(0, 14))).toThrow("cut short");
});

test("styles change a network by their shares, and leave the file as it is", () => {
  const file = network();
  const [one, other] = [new Map([["a", Float32Array.of(4)]]), new Map([["a", Float32Array.of(-2)], ["b", new Float32Array(50).fill(8)]])];
  const found = changed(file, [{ changes: one, share: 0.5 }, { changes: other, share: 0.25 }]);
  expect(numbersOf(found, "a")).toEqual([1 + 2 - 0.5]);
  expect(numbersOf(found, "b")).toEqual(Array(50).fill(4));
  expect(numbersOf(new Uint8Array(file), "a")).toEqual([1]);
  expect(() => changed(file, [{ changes: new Map([["c", Float32Array.of(4)]]), share: 1 }])).toThrow("no c");
  expect(() => changed(file, [{ changes: new Map([["b", Float32Array.of(4)]]), share: 1 }])).toThrow("no b of 1 numbers");
});

test("four bits stand for steps from minus seven to seven, two to a byte, by output channels", () => {
  expect([...unpacked(Uint8Array.of(0x81, 0xf9), Float32Array.of(0.5, 2))]).toEqual([-3.5, 0, 2, 14]);
  expect([...unpacked(Uint8Array.of(0x9f, 0x08), Float32Array.of(1, 1, 1))]).toEqual([7, 1, 0]); // half a byte is left
});

test("a file of styles says how they change the network", () => {
  const tensors = { "waves/change/a": ["U8", 0x97], "waves/change/a/step": ["F16", 0x00, 0x3c, 0x00, 0x40], "waves/change/b": ["F16", 0x00, 0x38] } as const;
  let end = 0;
  const header = Object.fromEntries(Object.entries(tensors).map(([name, [dtype, ...bytes]]) => [name, { dtype, data_offsets: [end, (end += bytes.length)] }]));
  const head = text(JSON.stringify(header));
  const file = Uint8Array.from([head.length, 0, 0, 0, 0, 0, 0, 0, ...head, ...Object.values(tensors).flatMap(([, ...bytes]) => bytes)]);
  expect(readTensors(file.buffer).get("waves/change/a")).toEqual(Uint8Array.of(0x97));
  const found = new StyleFile(file.buffer);
  expect([...found.changes("waves")!]).toEqual([["a", Float32Array.of(-1, 2)], ["b", Float32Array.of(0.5)]]);
  expect(found.changes("calm")).toBeUndefined();
  expect(found.names()).toEqual([]);
});

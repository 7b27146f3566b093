import { describe, expect, test } from "vitest";
import { readStyles, styleVector } from "../src/pixels/model";
import { withParameters } from "../src/pixels/png";
import { crc32, deflateSync } from "node:zlib";

const text = (words: string) => new TextEncoder().encode(words);
/** A length-delimited field of a protocol buffer; `bytes` are fewer than 16,384. */
const field = (number: number, bytes: Uint8Array) => [(number << 3) | 2, (bytes.length & 127) | 128, bytes.length >> 7, ...bytes];
const entry = (key: string, value: string) => field(14, Uint8Array.from([...field(1, text(key)), ...field(2, text(value))]));
const styles = [{ name: "great-wave", title: "The Great Wave", artist: "Hokusai", year: 1831, licence: "CC0" }, { name: "scream" }];

describe("the gallery network's file", () => {
  test("names its styles in its metadata, among other fields", () => {
    const others = [0x08, 0x96, 0x01, (5 << 3) | 5, 1, 2, 3, 4, (6 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8];
    const file = Uint8Array.from([...others, ...field(7, text("graph")), ...entry("other", "x"), ...entry("impasto", JSON.stringify({ styles }))]);
    expect(readStyles(file)).toEqual(styles);
  });

  test.each([
    ["without metadata", field(7, text("graph")), "does not say which styles it has"],
    ["without a list of styles", entry("impasto", "{}"), "list of styles is missing"],
    ["cut short", [(14 << 3) | 2, 100, 1], "cut short"],
    ["cut short within a number", [0x08, 0x96], "cut short"],
    ["of another kind", [0x0b], "not an ONNX file"],
  ])("%s is refused in words", (_, bytes, words) => {
    expect(() => readStyles(Uint8Array.from(bytes))).toThrow(words);
  });
});

describe("its input", () => {
  const vector = (strength: number, strokeSize: number) => [...styleVector(styles, [{ key: "scream", weight: 1 }], strength, strokeSize)];

  test("gives the rest of the strength to the photograph", () => {
    expect(vector(0.75, 1)).toEqual([0.25, 0, 0, 0, 0.75]);
  });

  test("has fine strokes at half the size, both at its root", () => {
    expect(vector(1, 0.5)).toEqual([0, 0, 0, 1, 0]);
    const [, , , fine, coarse] = vector(1, Math.SQRT1_2);
    expect(fine).toBeCloseTo(0.5, 6);
    expect(coarse).toBeCloseTo(0.5, 6);
  });

  test("adds up what a mix names twice, and refuses what the network has not learnt", () => {
    const mix = [{ key: "scream", weight: 0.5 }, { key: "scream", weight: 0.5 }];
    expect([...styleVector(styles, mix, 1, 1)]).toEqual([0, 0, 0, 0, 1]);
    expect(() => styleVector(styles, [{ key: "cubism", weight: 1 }], 1, 1)).toThrow("cubism is not in the gallery network");
  });
});

test("a recipe is an iTXt chunk of its own after the PNG's header, with its checksum", async () => {
  const chunk = (kind: string, data: Uint8Array) => {
    const body = Buffer.concat([text(kind), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))]);
  const rest = Buffer.concat([chunk("IDAT", deflateSync(Uint8Array.from([0, 255]))), chunk("IEND", new Uint8Array())]);
  const found = withParameters(new Blob([header, rest]), { content: "Bäume.jpg" });
  const expected = Buffer.concat([header, chunk("iTXt", text('impasto\0\0\0\0\0{"content":"Bäume.jpg"}')), rest]);
  expect(Buffer.from(await found.arrayBuffer()).equals(expected)).toBe(true);
});

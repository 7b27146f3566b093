import { describe, expect, test } from "vitest";
import { cropped, doubled, emboldened, halved, padded, passesFor } from "../src/pixels/passes";
import type { Planes } from "../src/pixels/planes";

/** A picture of three like planes. */
function grey(rows: number[][]): Planes {
  const plane = rows.flat();
  return { width: rows[0]!.length, height: rows.length, data: Float32Array.from([...plane, ...plane, ...plane]) };
}
const first = ({ width, height, data }: Planes) => Array.from({ length: height }, (_, y) => Array.from(data.subarray(y * width, (y + 1) * width)));

describe("passes", () => {
  test("are more for larger strokes, the coarsest by degrees", () => {
    expect(passesFor(1, 512, 512)).toEqual({ count: 2, boldness: 1 });
    expect(passesFor(0.5, 512, 512)).toEqual({ count: 1, boldness: 1 });
    expect(passesFor(0.25, 512, 512)).toEqual({ count: 1, boldness: 1 });
    expect(passesFor(4, 512, 512)).toEqual({ count: 4, boldness: 1 });
    const between = passesFor(Math.SQRT2, 512, 512);
    expect(between.count).toBe(3);
    expect(between.boldness).toBeCloseTo(0.5);
  });

  test("are no more than a picture has room for", () => {
    expect(passesFor(4, 600, 63)).toEqual({ count: 2, boldness: 1 });
    expect(passesFor(4, 64, 64)).toEqual({ count: 3, boldness: 1 });
    expect(passesFor(1.5, 31, 400)).toEqual({ count: 1, boldness: 1 });
  });
});

describe("a picture", () => {
  test("is mirrored up to whole strides, and cut again", () => {
    const picture = grey([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    const wide = padded(picture, 4);
    expect(first(wide)).toEqual([[1, 2, 3, 2], [4, 5, 6, 5], [7, 8, 9, 8], [4, 5, 6, 5]]);
    expect(cropped(wide, 3, 3)).toEqual(picture);
  });

  test("at half its size is the mean of two by two", () => {
    expect(first(halved(grey([[1, 3, 0, 0], [5, 7, 0, 4]])))).toEqual([[4, 1]]);
  });

  test("at twice its size is smooth, and a plain one as it was", () => {
    expect(first(doubled(grey([[0.5, 0.5]])))).toEqual([[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]);
    expect(first(doubled(grey([[0, 0, 1, 1]])))[0]).toEqual([0, 0.0625, 0.1875, 0.375, 0.625, 0.8125, 0.9375, 1]);
  });

  test("takes a share of what painting changed, and stays between black and white", () => {
    const changed = emboldened(grey([[0.5, 0.5], [0.9, 0.9]]), grey([[0.5]]), grey([[1]]), 0.5);
    expect(first(changed)[0]![0]).toBeCloseTo(0.75);
    expect(first(changed)[1]![0]).toBe(1);
  });
});

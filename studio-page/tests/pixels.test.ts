import { describe, expect, test, vi } from "vitest";
import { keepColours } from "../src/pixels/colours";
import { compose, protect, shareOut } from "../src/pixels/layers";
import { fit, resize, toImage, toPlanes, type Planes } from "../src/pixels/planes";

vi.stubGlobal(
  "ImageData",
  class {
    constructor(
      readonly data: Uint8ClampedArray,
      readonly width: number,
      readonly height: number,
    ) {}
  },
);

const mask = (...values: number[]) => new Uint8ClampedArray(values);
/** A row of pixels, each of one value in all three planes. */
const grey = (...values: number[]): Planes => ({ width: values.length, height: 1, data: Float32Array.from([...values, ...values, ...values]) });
const red = (planes: Planes) => Array.from(planes.data.slice(0, planes.width * planes.height));

describe("planes", () => {
  test("hold red, green and blue one after the other, with white behind what is transparent", () => {
    const image = new ImageData(new Uint8ClampedArray([255, 0, 51, 255, 0, 0, 0, 51]), 2, 1);
    const expected = [1, 0.8, 0, 0.8, 0.2, 0.8];
    [...toPlanes(image).data].forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });

  test("become the same opaque picture again; beyond [0, 1] they are clipped", () => {
    const data = new Uint8ClampedArray([1, 2, 3, 255, 254, 128, 0, 255]);
    expect(toImage(toPlanes(new ImageData(data, 2, 1))).data).toEqual(data);
    expect([...toImage(grey(-0.5, 1.5)).data]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  });
});

describe("sizes", () => {
  test.each([
    [400, 300, 200, [200, 150]],
    [300, 400, 200, [150, 200]],
    [1000, 1, 100, [100, 1]],
    [3, 2, 5, [5, 3]], // 3.33
    [4, 1, 2, [2, 1]], // 0.5 is rounded up
  ])("%d x %d with a long side of %d", (width, height, side, size) => {
    expect(fit(width, height, side)).toEqual(size);
  });

  test("a picture of one colour stays so at any size", () => {
    const found = resize({ width: 5, height: 3, data: new Float32Array(45).fill(0.25) }, 8, 2);
    expect([found.width, found.height]).toEqual([8, 2]);
    for (const value of found.data) expect(value).toBeCloseTo(0.25, 6);
  });

  test("a ramp keeps its middle and its order, and nothing leaves [0, 1]", () => {
    const found = red(resize(grey(0, 0, 0, 0, 1, 1, 1, 1), 4, 1));
    expect(found[1]! + found[2]!).toBeCloseTo(1, 6);
    expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...found)).toBeLessThanOrEqual(1);
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });

  test.each([
    [[0.35843182, 0.6454494, 0.21458428, 0.59465383]],
    [[0.19585794, 0.28972787, 0.64317548, 0.82425070, 0.542440, 0.12334341, 0.19665588, 0.40501395, 0.57782179, 0.70785511]],
  ])("are resampled as by Pillow's LANCZOS, which gives %j", (pillow) => {
    const found = red(resize(grey(0.2, 0.4, 0.8, 0.6, 0.1, 0.3, 0.5, 0.7), pillow.length, 1));
    found.forEach((value, i) => expect(value).toBeCloseTo(pillow[i]!, 5));
  });

  test("the size it has is no work", () => {
    const planes = grey(0, 1);
    expect(resize(planes, 2, 1)).toBe(planes);
  });
});

describe("masks", () => {
  test("share out the picture: what is painted nowhere goes to styles without a mask", () => {
    expect(shareOut([null, null])).toEqual([]);
    expect(shareOut([mask(255, 100, 0), null, mask(0, 200, 5)])).toEqual([mask(255, 100, 0), mask(0, 0, 250), mask(0, 200, 5)]);
  });

  test("lay paintings over one another, in shares where they overlap, over the photograph where none is", () => {
    const laid = compose(grey(0.5, 0.5, 0.5), [grey(1, 1, 1), grey(0, 0, 0)], [mask(255, 255, 0), mask(0, 255, 0)]);
    expect(red(laid)).toEqual([1, 0.5, 0.5]);
  });

  test("without any, the first painting is everywhere", () => {
    const painting = grey(1);
    expect(compose(grey(0), [painting], [])).toBe(painting);
  });

  test("keep the photograph where it is protected", () => {
    const found = red(protect(grey(1, 1, 1), grey(0, 0, 0), mask(255, 51, 0)));
    expect(found[0]).toBe(0);
    expect(found[1]).toBeCloseTo(0.8, 6);
    expect(found[2]).toBe(1);
  });
});

describe("the photograph's colours", () => {
  const photo: Planes = { width: 1, height: 1, data: Float32Array.from([0.6, 0.4, 0.2]) };

  test("come with the painting's luma", () => {
    const [r, g, b] = keepColours(grey(0.5), photo, 1).data;
    expect(0.299 * r! + 0.587 * g! + 0.114 * b!).toBeCloseTo(0.5, 6);
    expect(r! - g!).toBeCloseTo(0.2, 6);
    expect(g! - b!).toBeCloseTo(0.2, 6);
  });

  test("come in part, or not at all", () => {
    const painting = grey(0.5);
    expect(keepColours(painting, photo, 0)).toBe(painting);
    const [half, whole] = [keepColours(painting, photo, 0.5).data, keepColours(painting, photo, 1).data];
    half.forEach((value, i) => expect(value).toBeCloseTo((0.5 + whole[i]!) / 2, 6));
  });
});

import { describe, expect, test } from "vitest";
import { fitted, layOut, zoomed, type Look } from "../src/geometry";

const view = { width: 1056, height: 656 }; // 1000 x 600 within its padding of 28
const picture = { width: 500, height: 300 };
const fitting: Look = { zoom: 1, x: 0, y: 0 };

test("a fitting picture fills the view but for its padding, in the middle", () => {
  expect(layOut(view, picture, fitting).place).toEqual({ width: 1000, height: 600, left: 28, top: 28 });
  expect(layOut(view, { width: 300, height: 300 }, fitting).place).toEqual({ width: 600, height: 600, left: 228, top: 28 });
});

test("on a phone the padding is smaller", () => {
  expect(layOut({ width: 424, height: 424 }, { width: 100, height: 50 }, fitting).place).toEqual({ width: 400, height: 200, left: 12, top: 112 });
});

test("a fitting picture cannot be moved, and a larger one only up to its edge", () => {
  expect(layOut(view, picture, { zoom: 1, x: 50, y: 50 }).look).toEqual(fitting);
  const { look, place } = layOut(view, picture, { zoom: 2, x: 9999, y: -9999 });
  expect(place).toEqual({ width: 2000, height: 1200, left: 28, top: 656 - 28 - 1200 });
  expect(look).toEqual({ zoom: 2, x: 500, y: -300 });
});

describe("zooming", () => {
  const under = (look: Look, x: number, y: number) => {
    const { left, top, width, height } = layOut(view, picture, look).place;
    return [(x - left) / width, (y - top) / height];
  };

  test("keeps the part of the picture that is under the pointer there", () => {
    const before = under(fitting, 300, 200);
    const after = under(zoomed(view, picture, fitting, 3, { x: 300, y: 200 }), 300, 200);
    expect(after[0]).toBeCloseTo(before[0]!, 10);
    expect(after[1]).toBeCloseTo(before[1]!, 10);
  });

  test("ends at the fitting picture and at sixteen times it", () => {
    expect(zoomed(view, picture, { zoom: 1.1, x: 30, y: 0 }, 0.5, { x: 0, y: 0 })).toEqual(fitting);
    expect(zoomed(view, picture, fitting, 100, { x: 528, y: 328 })).toEqual({ zoom: 16, x: 0, y: 0 });
  });
});

test("a picture shrinks to the pixels allowed, in both directions alike", () => {
  expect(fitted(100, 50, 5000)).toBe(1);
  expect(fitted(200, 100, 5000)).toBe(0.5);
});

import { expect, test } from "vitest";
import { dabs, Past } from "../src/strokes";

test("a stroke is dabbed from end to end, a quarter of the radius apart", () => {
  expect(dabs([0, 0], [16, 0], 16)).toEqual([[0, 0], [4, 0], [8, 0], [12, 0], [16, 0]]);
});

test("a fine stroke is dabbed a pixel apart, not less", () => {
  expect(dabs([0, 0], [0, 3], 1)).toEqual([[0, 0], [0, 1], [0, 2], [0, 3]]);
});

test("a stroke without length is dabbed all the same", () => {
  expect(new Set(dabs([5, 5], [5, 5], 10).map(String))).toEqual(new Set(["5,5"]));
});

test("strokes are taken back the last first, and no more of them than are kept", () => {
  const past = new Past<string>(2);
  for (const mask of ["empty", "one stroke", "two strokes"]) past.keep(mask);
  expect([past.takeBack(), past.takeBack(), past.takeBack()]).toEqual(["two strokes", "one stroke", undefined]);
});

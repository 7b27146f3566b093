import { expect, test } from "vitest";
import { firstOf, matches } from "../src/search";

const WAVE = ["Bay Under the Wave off Kanagawa", "Katsushika Hokusai", "1831"];

test.each([
  ["", true],
  ["  ", true],
  ["wave", true],
  ["HOKUSAI 1831", true],
  ["kanag hok", true],
  ["wave monet", false],
])("%j finds the wave: %s", (query, found) => {
  expect(matches(query, WAVE)).toBe(found);
});

test("accents do not matter on either side", () => {
  expect(matches("cezanne", ["Paul Cézanne"])).toBe(true);
  expect(matches("Möwe", ["Mowe"])).toBe(true);
});

test("favourites come first, in the order of all", () => {
  expect(firstOf([1, 2, 3, 4], (number) => number % 2 === 0)).toEqual([2, 4, 1, 3]);
});

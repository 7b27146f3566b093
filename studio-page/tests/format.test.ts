import { expect, test } from "vitest";
import { duration, list, megabytes, withoutSuffix } from "../src/format";

test.each([
  [0.4, "a second"],
  [1.4, "1 s"],
  [89, "89 s"],
  [90, "2 min"],
  [5399, "90 min"],
  [5400, "1.5 h"],
])("%d seconds are %s", (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test.each([
  [[], ""],
  [["a"], "a"],
  [["a", "b"], "a and b"],
  [["a", "b", "c"], "a, b and c"],
])("%j is listed as %j", (words, text) => {
  expect(list(words)).toBe(text);
});

test.each([
  ["cat.jpg", "cat"],
  ["cat.of.mine.jpeg", "cat.of.mine"],
  ["no suffix", "no suffix"],
  ["2026.11.21-cat", "2026.11.21-cat"],
])("%s is called %s", (name, title) => {
  expect(withoutSuffix(name)).toBe(title);
});

test("sizes of files have a decimal up to ten megabytes", () => {
  expect([megabytes(1.5 * 2 ** 20), megabytes(50 * 2 ** 20)]).toEqual(["1.5 MB", "50 MB"]);
});

import { expect, test } from "vitest";
import { fileName, isOnlyHere, lifetimes } from "../src/links";

test.each([
  [0, []],
  [1, [1]],
  [5, [1, 5]],
  [30, [1, 7, 30]],
  [90, [1, 7, 30, 90]],
])("links may last up to %s days: %s", (most, offered) => {
  expect(lifetimes(most)).toEqual(offered);
});

test.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["[::1]", true],
  ["studio.localhost", true],
  ["studio.example", false],
  ["192.168.1.5", false],
  ["localhost.example", false],
])("a link to %s is of use to this computer only: %s", (host, only) => {
  expect(isOnlyHere(host)).toBe(only);
});

test("a title becomes the name of a file", () => {
  expect(fileName("写真: a/b", "jpg")).toBe("写真- a-b.jpg");
  expect(fileName(" \u202e ", "jpg")).toBe("-.jpg");
  expect(fileName("", "jpg")).toBe("painting.jpg");
});

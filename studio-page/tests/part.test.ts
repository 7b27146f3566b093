import { describe, expect, test } from "vitest";
import { endAfter, framesIn, lastFrame, partOf, readPart, readTime, startAt, WHOLE } from "../src/part";

const film = { seconds: 10, frames: 250, rate: 25 };
const odd = { seconds: 100.1, frames: 2400, rate: 23.976 };

test.each([
  ["12", 12],
  ["12.5", 12.5],
  ["12,5", 12.5],
  [" 1:02.5 ", 62.5],
  ["1:00:01", 3601],
  ["１：０２．５", 62.5],
  ["90:00", 5400],
  ["7.", 7],
])("%s is a time of %d seconds", (text, seconds) => {
  expect(readTime(text)).toBe(seconds);
});

test.each(["", "soon", "-1", "1:60", "1:2:3:4", "1e3", "1.2.3", ":5", "1:", "NaN", "0x10"])("%j is no time", (text) => {
  expect(readTime(text)).toBeNull();
});

describe("what is written in the two fields", () => {
  test.each([
    ["", "", WHOLE],
    ["0:00", "0:10", WHOLE],
    ["0:02", "0:10", { start: 2, end: null }],
    ["0", "4,5", { start: null, end: 4.5 }],
    ["1:", "", { field: "start", wrong: "Write a time such as 1:12.5." }],
    ["", "later", { field: "end", wrong: "Write a time such as 1:12.5." }],
    ["0:10", "", { field: "start", wrong: "The start has to be before the end of the film, 0:10." }],
    ["", "0:10.5", { field: "end", wrong: "The film ends at 0:10." }],
    ["5", "5", { field: "end", wrong: "The end has to be after the start." }],
    ["5", "4", { field: "end", wrong: "The end has to be after the start." }],
    ["0", "0", { field: "end", wrong: "The end has to be after the start." }],
    ["5.01", "5.03", { field: "end", wrong: "There is no frame in this part: make it longer." }],
    ["9.97", "", { field: "start", wrong: "There is no frame in this part: make it longer." }],
  ])("%j to %j is %j", (start, end, part) => {
    expect(readPart(start, end, film)).toEqual(part);
  });
});

test.each([
  [WHOLE, 250],
  [{ start: 0.2, end: 0.6 }, 10],
  [{ start: 0.21, end: 0.6 }, 9],
  [{ start: 0.2, end: 0.61 }, 11],
  [{ start: 9.92, end: null }, 2],
])("%j has %i frames, as the studio counts them", (part, frames) => {
  expect(framesIn(part, film)).toBe(frames);
});

test.each([0, 1, 2, 3, 100, 1999])("a part from frame %i to itself has this frame alone, whatever the rate", (number) => {
  for (const each of [film, odd]) {
    const time = Math.min(number, 249) / each.rate;
    const part = { start: startAt(time, each), end: endAfter(time, each) };
    expect(framesIn(part, each)).toBe(1);
    expect(Math.round(lastFrame(part, each) * each.rate)).toBe(Math.min(number, 249));
  }
});

test("the last frame of all of a film is the film's last", () => {
  expect(Math.round(lastFrame(WHOLE, film) * film.rate)).toBe(249);
});

test.each([
  [{ start: "0:02", end: 4 }, { start: 2, end: 4 }],
  [{ start: 2, end: 99 }, { start: 2, end: null }],
  [{ start: 99 }, WHOLE],
  [{ sound: false }, WHOLE],
  [null, WHOLE],
  [undefined, WHOLE],
  ["soon", WHOLE],
  [{ start: { a: 1 }, end: [] }, WHOLE],
])("of an earlier request, %j is the part %j", (given, part) => {
  expect(partOf(given, film)).toEqual(part);
});

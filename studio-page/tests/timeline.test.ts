import { expect, test } from "vitest";
import { Timeline } from "../src/timeline";

function counted(limit: number) {
  const timeline = new Timeline(limit);
  const page = { number: 0 };
  const set = (to: number) => {
    const from = page.number;
    page.number = to;
    timeline.add({ undo: () => (page.number = from), redo: () => (page.number = to) });
  };
  return { timeline, page, set };
}

test("steps are undone the last first, and done again in their order", () => {
  const { timeline, page, set } = counted(9);
  set(1);
  set(2);
  expect([timeline.undo(), page.number, timeline.undo(), page.number, timeline.undo()]).toEqual([true, 1, true, 0, false]);
  expect([timeline.redo(), page.number, timeline.redo(), page.number, timeline.redo()]).toEqual([true, 1, true, 2, false]);
});

test("after another step what was undone is not done again", () => {
  const { timeline, page, set } = counted(9);
  set(1);
  timeline.undo();
  set(5);
  expect([timeline.redo(), page.number]).toEqual([false, 5]);
});

test("no more steps are kept than asked for", () => {
  const { timeline, page, set } = counted(2);
  for (const number of [1, 2, 3]) set(number);
  while (timeline.undo());
  expect(page.number).toBe(1);
});

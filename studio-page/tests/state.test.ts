import { beforeEach, expect, test, vi } from "vitest";

let page: typeof import("../src/state");

beforeEach(async () => {
  vi.resetModules();
  page = await import("../src/state");
});

/** When listeners have been told: they are, in a microtask. */
const told = () => Promise.resolve();

test("changes made together are told once, to those who listen to any of them", async () => {
  const [size, seed] = [vi.fn(), vi.fn()];
  page.onChange(["size", "strength"], size);
  page.onChange(["seed"], seed);
  page.update({ size: 2048 });
  page.update({ strength: 0.5 });
  expect(size).not.toHaveBeenCalled();
  await told();
  expect(size).toHaveBeenCalledTimes(1);
  expect(seed).not.toHaveBeenCalled();
});

test("what is set to what it was is no change", async () => {
  const listener = vi.fn();
  page.onChange(["size"], listener);
  page.update({ size: page.state.size });
  await told();
  expect(listener).not.toHaveBeenCalled();
});

test("a watcher is called at once, and after each change", async () => {
  const seen: number[] = [];
  page.watch(["seed"], () => seen.push(page.state.seed));
  page.update({ seed: 3 });
  await told();
  expect(seen).toEqual([0, 3]);
});

test("a listener that has ended hears nothing; the others go on", async () => {
  const [first, second] = [vi.fn(), vi.fn()];
  const end = page.onChange(["seed"], first);
  page.onChange(["seed"], second);
  end();
  page.update({ seed: 1 });
  await told();
  expect(first).not.toHaveBeenCalled();
  expect(second).toHaveBeenCalledTimes(1);
});

test("a change made while listeners are told is told after it", async () => {
  const seen: number[] = [];
  page.onChange(["seed"], () => {
    seen.push(page.state.seed);
    if (page.state.seed < 2) page.update({ seed: page.state.seed + 1 });
  });
  page.update({ seed: 1 });
  await told();
  await told();
  expect(seen).toEqual([1, 2]);
});

test("styles in the mix go by their titles", () => {
  const style = { name: "great-wave", title: "The Great Wave", hyphenated: "The Great Wave", artist: "Hokusai", year: "1831", licence: "", thumbnail: null, paint: true, fast: true, english: { title: "The Great Wave", artist: "Hokusai" } };
  page.update({ styles: [style], paintings: [{ key: "own-1", name: "Sunday", blob: null, id: null, image: "" }] });
  expect(["great-wave", "own-1", "gone"].map(page.titleOf)).toEqual(["The Great Wave", "Sunday", "gone"]);
});

import { beforeEach, expect, test, vi } from "vitest";

const stored = new Map<string, string>();
let page: typeof import("../src/state");
let settings: typeof import("../src/settings");

beforeEach(async () => {
  stored.clear();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
  vi.resetModules();
  page = await import("../src/state");
  settings = await import("../src/settings");
});

test("sliders come back on the next visit, and a painting of one's own by the studio's id for it", async () => {
  settings.startRemembering();
  const painting = { key: "own-1", name: "Sunday", blob: null, id: "p_1", image: "" };
  page.update({ strength: 0.4, preset: "fine", paintings: [painting], mix: [{ key: "own-1", weight: 1 }] });
  await Promise.resolve();
  vi.resetModules();
  page = await import("../src/state");
  settings = await import("../src/settings");
  settings.restoreSettings();
  expect(page.state).toMatchObject({ strength: 0.4, preset: "fine", size: 1024 });
  expect(settings.remembered().mix).toEqual([{ key: "p_1", weight: 1 }]);
});

test.each(["{", '{"strength": "strong", "size": null}'])("what is not understood (%s) leaves the defaults", (text) => {
  stored.set("impasto-studio", text);
  settings.restoreSettings();
  expect(page.state).toMatchObject({ strength: 1, size: 1024 });
});

test("the light follows the system unless it is set", () => {
  const { dataset } = document.documentElement;
  settings.setTheme("dark");
  expect([settings.theme(), dataset["theme"]]).toEqual(["dark", "dark"]);
  settings.setTheme("auto");
  expect([settings.theme(), dataset["theme"], stored.size]).toEqual(["auto", undefined, 0]);
});

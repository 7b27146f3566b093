import { afterEach, expect, test, vi } from "vitest";
import { job } from "./jobs";

afterEach(() => vi.unstubAllGlobals());

/** The page's names in a language of the browser. */
async function inLanguage(name: string): Promise<typeof import("../src/named")> {
  vi.resetModules();
  vi.stubGlobal("navigator", { languages: [name] });
  return import("../src/named");
}

const night = { name: "starry-night", title: "The Starry Night", artist: "Vincent van Gogh", year: "about 1889", licence: "", thumbnail: null, paint: true, fast: true };

test("a painting has its title and year in the page's language, and is known by the English ones", async () => {
  const { namedStyle } = await inLanguage("de-AT");
  expect(namedStyle(night)).toMatchObject({ title: "Sternennacht", year: "um 1889", english: { title: "The Starry Night", artist: "Vincent van Gogh" } });
});

test("a painting's title has soft hyphens only where it is narrow", async () => {
  const { namedStyle } = await inLanguage("de");
  expect(namedStyle(night).hyphenated).toBe("Sternen\u00adnacht");
  expect(namedStyle(night).title).toBe("Sternennacht");
});

test("a painting that has no name in the page's language keeps its own", async () => {
  const { namedStyle } = await inLanguage("fr");
  expect(namedStyle({ ...night, name: "new", title: "New", year: "1901" })).toMatchObject({ title: "New", artist: "Vincent van Gogh", year: "1901" });
});

test("a job is called by its paintings in the page's language, unless a person named it", async () => {
  const { namedJob, namedStyle } = await inLanguage("de");
  const styles = [namedStyle(night)];
  const painted = (title: string, names: (string | null)[], kind = "painting") => {
    const request = { photo: "p", styles: names.map((name) => (name ? { name } : { picture: "q" })) };
    return namedJob(job({ title, kind, request } as never), styles).title;
  };
  expect(painted("Tree.jpg, The Starry Night", ["starry-night"])).toBe("Tree.jpg, Sternennacht");
  expect(painted("Tree.jpg, Own and The Starry Night", [null, "starry-night"])).toBe("Tree.jpg, Own und Sternennacht");
  expect(painted("My night", ["starry-night"])).toBe("My night");
  expect(painted("How it works: My night", ["starry-night"], "explanation")).toBe("Blick hinein: My night");
});

test("a preset without a name in the page's language is called by its own", async () => {
  const { presetTitle, presetSummary } = await inLanguage("es");
  expect([presetTitle("draft"), presetTitle("other"), presetSummary("other", "words")]).toEqual(["Boceto", "Other", "words"]);
});

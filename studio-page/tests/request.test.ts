import { describe, expect, test } from "vitest";
import { WHOLE, type Part } from "../src/part";
import { filmSize, toFilmRequest, toRequest, toSettings, type Settings } from "../src/request";

const settings: Settings = {
  mix: [
    { key: "great-wave", weight: 1 },
    { key: "own-1", weight: 0.25 },
  ],
  strength: 0.8,
  strokeSize: 0.5,
  keepColor: 0.3,
  preset: "fine",
  size: 1024,
  seed: 7,
  options: { iterations: 50 },
};
const sources = { photo: "p_photo", styles: [{ name: "great-wave" }, { picture: "p_own" }], masks: [], inputs: {} };

describe("a request", () => {
  test("has the settings, and each style with its weight", () => {
    expect(toRequest(settings, sources)).toEqual({
      kind: "painting",
      photo: "p_photo",
      styles: [
        { name: "great-wave", weight: 1 },
        { picture: "p_own", weight: 0.25 },
      ],
      preset: "fine",
      size: 1024,
      strength: 0.8,
      stroke_size: 0.5,
      keep_color: 0.3,
      mask_feather: 0,
      seed: 7,
      options: { iterations: 50 },
    });
  });

  test("with masks gives all styles one weight and the masks a soft edge of a 128th of the size", () => {
    const { styles, mask_feather } = toRequest(settings, { ...sources, masks: ["p_m1", "p_m2"] });
    expect(styles).toEqual([
      { name: "great-wave", weight: 1, mask: "p_m1" },
      { picture: "p_own", weight: 1, mask: "p_m2" },
    ]);
    expect(mask_feather).toBe(8);
  });

  test("that protects a part keeps the weights", () => {
    const { styles, protect, mask_feather } = toRequest(settings, { ...sources, inputs: { protect: "p_kept" } });
    expect(styles.map(({ weight }) => weight)).toEqual([1, 0.25]);
    expect([protect, mask_feather]).toEqual(["p_kept", 8]);
  });
});

describe("a past picture's settings", () => {
  test("come back as they were", () => {
    expect(toSettings(toRequest(settings, sources), ["great-wave", "own-1"], { size: 512 })).toEqual(settings);
  });

  test("given through the API have the greatest weight as 1, as the sliders do", () => {
    const request = { photo: "p_1", styles: [{ name: "a", weight: 4 }, { name: "b", weight: 1 }, { name: "c" }] };
    expect(toSettings(request, ["a", "b", "c"], { size: 512 }).mix.map(({ weight }) => weight)).toEqual([1, 0.25, 0.25]);
  });

  test("leave out a painting that has been deleted; the others keep their own weights", () => {
    const request = { photo: "p_1", styles: [{ picture: "p_gone", weight: 1 }, { name: "b", weight: 0.5 }] };
    expect(toSettings(request, [null, "b"], { size: 512 }).mix).toEqual([{ key: "b", weight: 0.5 }]);
  });

  test("are the defaults where the request names none", () => {
    expect(toSettings({ photo: "p_1", styles: [{ name: "a" }] }, ["a"], { size: 768 })).toEqual({
      mix: [{ key: "a", weight: 1 }],
      strength: 1,
      strokeSize: 1,
      keepColor: 0,
      preset: "default",
      size: 768,
      seed: 0,
      options: {},
    });
  });
});

describe("a film", () => {
  const own = { width: 640, height: 360 };

  test("is asked for with the settings of the previews, at its own size at most", () => {
    expect(toFilmRequest({ ...settings, strength: 3, strokeSize: 0.1 }, sources, own, WHOLE)).toEqual({
      kind: "film",
      photo: "p_photo",
      styles: [
        { name: "great-wave", weight: 1 },
        { picture: "p_own", weight: 0.25 },
      ],
      size: 640,
      strength: 2,
      stroke_size: 0.25,
      keep_color: 0.3,
      options: {},
    });
  });

  test("has its start and its end where it is not all of it", () => {
    const times = (part: Part) => toFilmRequest(settings, sources, own, part).options;
    expect(times({ start: 2.04, end: 4.0005 })).toEqual({ start: "2.040", end: "4.000" });
    expect(times({ start: null, end: 4 })).toEqual({ end: "4.000" });
    expect(times({ start: 2, end: null })).toEqual({ start: "2.000" });
  });

  test("leaves its own options out of the settings, which are those of paintings too", () => {
    const request = { kind: "film" as const, photo: "p_1", styles: [{ name: "great-wave" }], options: { start: 2, keep: 0.5 } };
    expect(toSettings(request, ["great-wave"], { size: 768 }).options).toEqual({});
  });

  test.each([[512, 512], [1024, 640], [10, 64]])("of %i pixels is painted at %i", (asked, size) => {
    expect(filmSize(asked, own)).toBe(size);
  });

  test("brings its settings back, with a size of its own where none was asked for", () => {
    const { size, strength } = toSettings({ kind: "film", photo: "p_1", styles: [{ name: "great-wave" }], size: null, strength: 0.5 }, ["great-wave"], { size: 768 });
    expect([size, strength]).toEqual([768, 0.5]);
  });
});

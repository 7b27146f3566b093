import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import ts from "typescript";
import { choose, directionOf, LANGUAGE, LANGUAGES, ownName, t, translator, type Translation } from "../src/language";

const SOURCE = resolve(import.meta.dirname, "../src");

/** The texts of the page: every t`...` and pieces`...`, with {0}, {1} for its values. */
function texts(): Set<string> {
  const found = new Set<string>();
  const look = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && ts.isIdentifier(node.tag) && ["t", "pieces"].includes(node.tag.text)) {
      const { template } = node;
      if (ts.isNoSubstitutionTemplateLiteral(template)) found.add(template.text);
      else found.add(template.templateSpans.reduce((before, { literal }, n) => `${before}{${n}}${literal.text}`, template.head.text));
    }
    ts.forEachChild(node, look);
  };
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((each) => each.endsWith(".ts"))) {
    look(ts.createSourceFile(name, readFileSync(resolve(SOURCE, name), "utf8"), ts.ScriptTarget.ES2022, true));
  }
  return found;
}

const own = texts();
const translations = await Promise.all(Object.entries(LANGUAGES).map(async ([language, load]) => [language, await load()] as const));
const others = translations.filter(([language]) => language !== "en");
const forms = (found: Translation[string]) => (typeof found === "string" ? [found] : Object.values(found));
const places = (text: string) => [...new Set(text.match(/\{\d+\}/g))].sort();

test("a text without a translation is shown in English, with its values", () => {
  expect(t`Remove ${"the {0}"} now`).toBe("Remove the {0} now");
});

test("a translation may put values in another order", () => {
  const { text } = translator({ "{0} of {1}": "{1}: {0}" }, "en");
  expect(text`${"a"} of ${"b"}`).toBe("b: a");
});

test("values that are no texts keep their places among the pieces", () => {
  const value = { a: 1 };
  const { pieces } = translator({ "after {0}": "{0} nach" }, "de");
  expect(pieces`after ${value}`).toEqual([value, " nach"]);
});

test("the first number of a text chooses its form, as the language has them", () => {
  const { text } = translator({ "{0}: {1} jobs": { one: "{0}: ein Auftrag", other: "{0}: {1} Aufträge" } }, "de");
  expect([1, 2].map((count) => text`${"a"}: ${count} jobs`)).toEqual(["a: ein Auftrag", "a: 2 Aufträge"]);
  expect([1, 2].map((count) => t`${count} requests sent`)).toEqual(["1 request sent", "2 requests sent"]);
});

test("numbers are written as the language has them, sizes in pixels in one piece", () => {
  const { text } = translator({}, "de");
  expect(text`${1.5} ${1024} ${12345}`).toBe("1,5 1024 12.345");
});

test.each([
  [["de-AT", "en"], ["en", "de"], "de"],
  [["en-GB", "de"], ["en", "de"], "en"],
  [["fr", "de"], ["en", "de"], "de"],
  [["fr"], ["en", "de"], "en"],
] as const)("of %j and %j the language is %s", (wanted, there, found) => {
  expect(choose(wanted, there)).toBe(found);
});

test.each([["de", "ltr"], ["ar-EG", "rtl"], ["he", "rtl"]])("%s is written %s", (language, direction) => {
  expect(directionOf(language)).toBe(direction);
});

test("each language is offered by its own name", () => {
  expect(Object.keys(LANGUAGES).sort().map(ownName)).toEqual(["Deutsch", "English", "Español", "Français", "日本語"]);
});

test("every translation has each text of the page, and besides only what the studio names", () => {
  expect(own).toContain("Choose a photograph first.");
  for (const [language, translation] of others) {
    const translated = new Set(Object.keys(translation).filter((text) => !text.startsWith("/")));
    expect([...own].filter((text) => !translated.has(text)), `not in ${language}`).toEqual([]);
    expect([...translated].filter((text) => !own.has(text)), `only in ${language}`).toEqual([]);
  }
});

test("every translation names the same problems, paintings and presets", () => {
  const names = (translation: Translation) => Object.keys(translation).filter((key) => /^\/(problems|styles|presets)\//.test(key)).sort();
  for (const [language, translation] of others) expect(names(translation), language).toEqual(names(others[0]![1]));
});

test("every translation has the places for values that the text has", () => {
  for (const [language, translation] of translations) {
    for (const [text, found] of Object.entries(translation)) {
      for (const form of forms(found)) {
        const there = places(form);
        if (typeof found === "string") expect(there, `${language}: ${text}`).toEqual(places(text));
        else expect(places(text), `${language}: ${text}`).toEqual(expect.arrayContaining(there));
      }
    }
  }
});

test("a text by number has each form that the language has", () => {
  for (const [language, translation] of translations) {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [text, found] of Object.entries(translation)) {
      if (typeof found !== "string") expect(Object.keys(found).sort(), `${language}: ${text}`).toEqual([...pluralCategories].sort());
    }
  }
});

test("the English texts by number are texts of the page, and have forms in each language that has some", () => {
  for (const text of Object.keys(Object.fromEntries(translations)["en"]!)) {
    expect(own).toContain(text);
    for (const [language, translation] of others) expect(typeof translation[text], `${language}: ${text}`).toBe("object");
  }
});

test("the page is in a language that it has", () => {
  expect(Object.keys(LANGUAGES)).toContain(LANGUAGE);
});

import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import ts from "typescript";
import { choose, LANGUAGE, t, translator, TRANSLATIONS } from "../src/language";

const SOURCE = resolve(import.meta.dirname, "../src");

/** The texts of the page: every t`...`, with {0}, {1} for its values. */
function texts(): Set<string> {
  const found = new Set<string>();
  const look = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === "t") {
      const { template } = node;
      if (ts.isNoSubstitutionTemplateLiteral(template)) found.add(template.text);
      else found.add(template.templateSpans.reduce((before, { literal }, n) => `${before}{${n}}${literal.text}`, template.head.text));
    }
    ts.forEachChild(node, look);
  };
  for (const name of readdirSync(SOURCE).filter((each) => each.endsWith(".ts"))) {
    look(ts.createSourceFile(name, readFileSync(resolve(SOURCE, name), "utf8"), ts.ScriptTarget.ES2022, true));
  }
  return found;
}

test("a text without a translation is shown in English, with its values", () => {
  expect(t`Remove ${"the {0}"} now`).toBe("Remove the {0} now");
});

test("a translation may put values in another order", () => {
  const swapped = translator({ "{0} of {1}": "{1}: {0}" });
  expect(swapped`${1} of ${2}`).toBe("2: 1");
});

test.each([
  [["de-AT", "en"], ["de"], "de"],
  [["en-GB", "de"], ["de"], "en"],
  [["fr", "de"], ["de"], "de"],
  [["fr"], ["de"], "en"],
] as const)("of %j and %j the language is %s", (wanted, there, found) => {
  expect(choose(wanted, there)).toBe(found);
});

test("every translation has each text of the page, and besides only problems", () => {
  const own = texts();
  expect(own).toContain("Choose a photograph first.");
  for (const [language, translation] of Object.entries(TRANSLATIONS)) {
    const named = new Set(Object.keys(translation).filter((text) => !text.startsWith("/problems/")));
    expect([...own].filter((text) => !named.has(text)), `not in ${language}`).toEqual([]);
    expect([...named].filter((text) => !own.has(text)), `only in ${language}`).toEqual([]);
  }
});

test("the page is in a language that it has", () => {
  expect(["en", ...Object.keys(TRANSLATIONS)]).toContain(LANGUAGE);
});

/** The page's language. Texts are written in English where they are shown, as t`...`; a file in languages/ translates them. */

import english from "./languages/en";

/** A text by the category of its first number: `Intl.PluralRules` knows which a language has. */
export type Plural = Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string };

/**
 * Texts by the English ones, in which {0}, {1} stand for values. Besides, words for what the studio names in English,
 * by a path: problems by their type (`/problems/quota`), named styles, their artists, presets.
 */
export type Translation = Readonly<Record<string, string | Plural>>;

const files = import.meta.glob<Translation>(["./languages/*.ts", "!./languages/en.ts"], { import: "default" });

/** How each language's texts are loaded. English, which the page is written in, is always there. */
export const LANGUAGES: Readonly<Record<string, () => Promise<Translation>>> = {
  en: async () => english,
  ...Object.fromEntries(Object.entries(files).map(([path, load]) => [path.replace(/^.*\/|\.ts$/g, ""), load])),
};

const PLACE = "impasto-studio-language";

/** The first of `wanted`, such as "de-AT", that there is; English if none is. */
export function choose(wanted: readonly string[], there: readonly string[]): string {
  return wanted.map(baseOf).find((name) => there.includes(name)) ?? "en";
}

const baseOf = (name: string) => name.toLowerCase().split("-")[0]!;

/** The language chosen on the page; null where the browser's is taken. */
export function chosenLanguage(): string | null {
  const found = globalThis.localStorage?.getItem(PLACE) ?? null;
  return found !== null && found in LANGUAGES ? found : null;
}

/** Take a language from the next load of the page on; null: the browser's. */
export function chooseLanguage(name: string | null): void {
  if (name === null) localStorage.removeItem(PLACE);
  else localStorage.setItem(PLACE, name);
}

const wanted = globalThis.navigator?.languages ?? [];

export const LANGUAGE = chosenLanguage() ?? choose(wanted, Object.keys(LANGUAGES));

/** The language with the region that the browser names, for dates and numbers: "de-AT". */
export const LOCALE = wanted.find((name) => baseOf(name) === LANGUAGE) ?? LANGUAGE;

const RIGHT_TO_LEFT = ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"];

/** Which way a language is written, as the page's `dir`. */
export function directionOf(language: string): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.includes(baseOf(language)) ? "rtl" : "ltr";
}

/** What a language is called in itself: "Deutsch", "français". */
export function ownName(language: string): string {
  const name = new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

/** The text of a template with {0}, {1} for its values. */
const keyOf = (texts: TemplateStringsArray) => texts.reduce((before, text, n) => `${before}{${n - 1}}${text}`);

/** A language's texts, filled with values: `text` as one string, `pieces` as a list in which values stay as they are. */
export function translator(translation: Translation, locale: string) {
  // Sizes in pixels stay in one piece: 1024, but 12,345.
  const numbers = new Intl.NumberFormat(locale, { useGrouping: "min2" as unknown as boolean });
  const plurals = new Intl.PluralRules(locale);
  const find = (texts: TemplateStringsArray, values: readonly unknown[]): string => {
    const key = keyOf(texts);
    const found = translation[key] ?? english[key] ?? key;
    if (typeof found === "string") return found;
    const count = values.find((value) => typeof value === "number") ?? 0;
    return found[plurals.select(count)] ?? found.other;
  };
  const shown = (value: unknown) => (typeof value === "number" ? numbers.format(value) : String(value));
  return {
    text: (texts: TemplateStringsArray, ...values: unknown[]): string =>
      find(texts, values).replace(/\{(\d+)\}/g, (_, n) => shown(values[Number(n)])),
    pieces: <T>(texts: TemplateStringsArray, ...values: T[]): (string | T)[] =>
      find(texts, values)
        .split(/\{(\d+)\}/)
        .map((part, n) => (n % 2 === 0 ? part : values[Number(part)]!))
        .filter((part) => part !== ""),
  };
}

async function loaded(): Promise<Translation> {
  try {
    return await LANGUAGES[LANGUAGE]!();
  } catch (error) {
    console.warn(`The page's texts in ${LANGUAGE} could not be loaded`, error);
    return {};
  }
}

const translation = await loaded();

/** `t`: a text with its values; `pieces`: the same as a list of strings and values, such as elements. */
export const { text: t, pieces } = translator(translation, LOCALE);

/** Words of the page's language for what the studio names in English; `otherwise` where there are none. */
export function named(path: string, otherwise: string): string {
  const found = translation[path];
  return typeof found === "string" ? found : otherwise;
}

/** The words of a problem that the studio reports, by its type; `detail`: the studio's own in English, where they say more. */
export function problemWords(type: string, detail: string): { text: string; detail: string } {
  const text = named(type, detail);
  return { text, detail: text === detail ? "" : detail };
}

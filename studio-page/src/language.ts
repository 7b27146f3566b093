/** The page's language. Texts are written in English where they are shown, as t`...`; a file in languages/ translates them. */

/** Texts by the English ones, in which {0}, {1} stand for values; and messages of the studio by the type of their problem. */
export type Translation = Readonly<Record<string, string>>;

const files = import.meta.glob<{ default: Translation }>("./languages/*.ts", { eager: true });

/** The translations by their language, such as "de". */
export const TRANSLATIONS: Readonly<Record<string, Translation>> = Object.fromEntries(
  Object.entries(files).map(([path, { default: translation }]) => [path.replace(/^.*\/|\.ts$/g, ""), translation]),
);

/** The first of `wanted`, such as "de-AT", that there is; English if none is. */
export function choose(wanted: readonly string[], there: readonly string[]): string {
  const known = wanted.map((name) => name.toLowerCase().split("-")[0]!);
  return known.find((name) => name === "en" || there.includes(name)) ?? "en";
}

export const LANGUAGE = choose(globalThis.navigator?.languages ?? [], Object.keys(TRANSLATIONS));

/** A function that returns texts in a language, with their values. */
export function translator(translation: Translation) {
  return (texts: TemplateStringsArray, ...values: unknown[]): string => {
    const english = texts.reduce((before, text, n) => `${before}{${n - 1}}${text}`);
    return (translation[english] ?? english).replace(/\{(\d+)\}/g, (_, n) => String(values[Number(n)]));
  };
}

const translation = TRANSLATIONS[LANGUAGE] ?? {};

export const t = translator(translation);

/** The words of a problem that the studio reports: those for its type, or the studio's own. */
export function problemWords(type: string, detail: string): string {
  return translation[type] ?? detail;
}

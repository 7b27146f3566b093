/** Finding a painting by what is typed. */

/** A text without accents and capitals: "Möwe" as "mowe". */
function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{Mark}/gu, "").toLowerCase();
}

/** Whether every word of `query` is in one of `texts`; an empty query is in all. */
export function matches(query: string, texts: readonly string[]): boolean {
  const whole = plain(texts.join(" "));
  return plain(query).split(/\s+/).every((word) => whole.includes(word));
}

/** `items` with those that are marked first, otherwise in their order. */
export function firstOf<T>(items: readonly T[], isFirst: (item: T) => boolean): T[] {
  return [...items.filter(isFirst), ...items.filter((item) => !isFirst(item))];
}

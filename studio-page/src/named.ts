/** What the studio names in English, in the page's language: paintings, presets, jobs. */

import { list } from "./format";
import { named, t } from "./language";
import type { Job, OfferedStyle, Style } from "./types";

/** A style as its label on the wall has it; `english` is kept to search by. */
export function namedStyle(style: OfferedStyle): Style {
  const about = /^about (\d+)$/.exec(style.year)?.[1];
  const hyphenated = named(`/styles/${style.name}`, style.title);
  return {
    ...style,
    title: hyphenated.replaceAll("\u00ad", ""),
    hyphenated,
    artist: named(`/artists/${style.artist}`, style.artist),
    year: about ? t`about ${about}` : style.year,
    english: { title: style.title, artist: style.artist },
  };
}

/** A job whose title names its paintings in the page's language, where the studio made that title of them. */
export function namedJob(job: Job, styles: readonly Style[]): Job {
  const prefix = "How it works: ";
  const inside = job.kind === "explanation" && job.title.startsWith(prefix);
  const whole = inside ? job.title.slice(prefix.length) : job.title;
  const learning = "Learning: ";
  if (job.kind === "training" && job.title.startsWith(learning)) return { ...job, title: t`Learning: ${job.title.slice(learning.length)}` };
  const title = titled(whole, job, styles);
  return { ...job, title: inside ? t`Look inside: ${title}` : title };
}

/** "Photo.jpg, The Starry Night and Own.png": a style of the studio by its title, a painting of one's own by any. */
function titled(whole: string, job: Job, styles: readonly Style[]): string {
  const found = job.request.styles.map(({ name }) => styles.find((style) => style.name === name));
  const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const parts = found.map((style) => (style ? `(?:${quoted(style.english.title)})` : "(?:.+?)"));
  const match = new RegExp(`^(.+), (${parts.join(") and (")})$`).exec(whole);
  if (!match) return whole;
  return `${match[1]}, ${list(found.map((style, index) => style?.title ?? match[index + 2]!))}`;
}

export function presetTitle(name: string): string {
  return named(`/presets/${name}`, name.charAt(0).toUpperCase() + name.slice(1));
}

export function presetSummary(name: string, summary: string): string {
  return named(`/presets/${name}/summary`, summary);
}

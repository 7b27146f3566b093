/** The part of a film that is painted: from a start to an end, in seconds; null: from its beginning, to its end. */

import { moment } from "./format";
import { t } from "./language";
import type { FilmFacts } from "./types";

export interface Part {
  start: number | null;
  end: number | null;
}

export const WHOLE: Part = { start: null, end: null };

type Length = Pick<FilmFacts, "seconds" | "frames" | "rate">;

/** By which share of a frame times may be off, being rounded. */
const EVEN = 1e-3;

/** A time as people write it, such as 12.5, 1:02,5 or 1:00:00, in seconds; null for anything else. */
export function readTime(text: string): number | null {
  const plain = text.normalize("NFKC").replaceAll(/\s/gu, "").replace(/[,\u3002]/, ".");
  if (!/^\d+(:\d+){0,2}(\.\d*)?$/.test(plain)) return null;
  const [first, ...others] = plain.split(":").map(Number);
  return others.some((number) => number >= 60) ? null : others.reduce((sum, number) => 60 * sum + number, first!);
}

/** How many frames a part has, as the studio counts them. */
export function framesIn({ start, end }: Part, { frames, rate }: Length): number {
  const before = (time: number) => Math.min(frames, Math.ceil(time * rate - EVEN));
  return Math.max(0, (end === null ? frames : before(end)) - before(start ?? 0));
}

/** The time at which the last frame of a part is shown. */
export function lastFrame({ start, end }: Part, { seconds, rate }: Length): number {
  return Math.max(start ?? 0, Math.min(end ?? seconds, seconds) - 1 / rate);
}

/** A part that begins with the frame shown at `time`, or ends after it: in milliseconds, and never a frame late. */
export function startAt(time: number, { rate }: Length): number {
  return Math.floor((1000 * Math.round(time * rate)) / rate) / 1000;
}

export function endAfter(time: number, { rate }: Length): number {
  return Math.floor((1000 * (Math.round(time * rate) + 1)) / rate) / 1000;
}

/** A part as it was written in two fields, or what is wrong with which of them. */
export function readPart(start: string, end: string, film: Length): Part | { field: "start" | "end"; wrong: string } {
  const [from, to] = [readTime(start), readTime(end)];
  const noTime = t`Write a time such as ${moment(72.5)}.`;
  if (start.trim() && from === null) return { field: "start", wrong: noTime };
  if (end.trim() && to === null) return { field: "end", wrong: noTime };
  const part: Part = { start: from || null, end: to !== null && moment(to) !== moment(film.seconds) ? to : null };
  if (part.start !== null && part.start >= film.seconds) return { field: "start", wrong: t`The start has to be before the end of the film, ${moment(film.seconds)}.` };
  if (part.end !== null && part.end > film.seconds) return { field: "end", wrong: t`The film ends at ${moment(film.seconds)}.` };
  if (part.end !== null && part.end <= (part.start ?? 0)) return { field: "end", wrong: t`The end has to be after the start.` };
  if (framesIn(part, film) === 0) return { field: part.end === null ? "start" : "end", wrong: t`There is no frame in this part: make it longer.` };
  return part;
}

/** The part that a request or an earlier visit had, as far as the film has it. */
export function partOf(given: unknown, film: Length): Part {
  const { start, end } = { ...WHOLE, ...(given as object | null | undefined) };
  const written = (time: unknown) => (typeof time === "number" || typeof time === "string" ? String(time) : "");
  const last = readTime(written(end));
  const found = readPart(written(start), last !== null && last >= film.seconds ? "" : written(end), film);
  return "wrong" in found ? WHOLE : found;
}

/** The losses of a job as lines of a chart, on a logarithmic scale. */

import { LOCALE } from "./language";
import type { LossPoint } from "./types";

export const PARTS = ["total", "style", "content"] as const;
export type Part = (typeof PARTS)[number];
export type Point = { done: number } & Partial<Record<Part, number>>;

const MARGIN = 4;

/** A line for each part, as the `points` of an SVG polyline of `width` by `height`. */
export function toLines(points: Point[], width: number, height: number): Record<Part, string> {
  const [low, high] = range(points);
  const [start, end] = [points[0]?.done ?? 0, points.at(-1)?.done ?? 1];
  const line = (part: Part) =>
    points
      .filter((point) => (point[part] ?? 0) > 0)
      .map((point) => {
        const x = ((point.done - start) / (end - start || 1)) * width;
        const share = (Math.log(point[part]!) - low) / (high - low || 1);
        const y = height - MARGIN - Math.max(0, share) * (height - 2 * MARGIN);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      })
      .join(" ");
  return { total: line("total"), style: line("style"), content: line("content") };
}

/** Logarithms of the least and the greatest loss shown: from a little below what the losses are now, since the content's begins near nothing, and would flatten the rest. */
function range(points: Point[]): [number, number] {
  const positive = (shown: Point[]) => shown.flatMap((point) => PARTS.map((part) => point[part] ?? 0)).filter((value) => value > 0);
  return [Math.log(0.8 * Math.min(...positive(points.slice(-1)))), Math.log(Math.max(...positive(points)))];
}

/** `older` points, and those of `newer` that come after them. */
export function joined(older: LossPoint[], newer: Point[]): Point[] {
  const last = older.at(-1)?.done ?? 0;
  return [...older, ...newer.filter((point) => point.done > last)];
}

const significant = (digits: number, notation: "standard" | "scientific") =>
  new Intl.NumberFormat(LOCALE, { notation, minimumSignificantDigits: digits, maximumSignificantDigits: digits });

const PLAIN = significant(3, "standard");
const SCIENTIFIC = significant(2, "scientific");

/** A loss in few characters, as the page's language writes numbers. */
export function figure(value: number): string {
  return (value >= 100 || value < 0.01 ? SCIENTIFIC : PLAIN).format(value);
}

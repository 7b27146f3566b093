/** The losses as they fall, on a logarithmic scale. */

import { fill, h, svg } from "./dom";
import { getJson } from "./http";
import { state } from "./state";
import type { Job, LossPoint } from "./types";

const WIDTH = 320;
const HEIGHT = 76;
const PARTS = ["total", "style", "content"] as const;

/** A chart of one job at a time; it asks once for what happened before. */
export function chart(): { element: HTMLElement; show(job: Job): void } {
  let id = "";
  let points: LossPoint[] = [];
  const lines = PARTS.map((part) => svg("polyline", { class: `loss-${part}`, fill: "none" }));
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.append(...lines);
  const figures = h("dl", { class: "figures" });
  const element = h("div", { class: "losses" }, picture as unknown as HTMLElement, figures);

  const draw = () => {
    const [low, high] = range(points).map(Math.log) as [number, number];
    const [start, end] = [points[0]?.done ?? 0, points[points.length - 1]?.done ?? 1];
    PARTS.forEach((part, index) => {
      const path = points
        .filter((point) => (point[part] ?? 0) > 0)
        .map((point) => {
          const x = ((point.done - start) / (end - start || 1)) * WIDTH;
          const share = (Math.log(point[part]!) - low) / (high - low || 1);
          const y = HEIGHT - 4 - Math.max(0, share) * (HEIGHT - 8);
          return `${x.toFixed(1)},${y.toFixed(1)}`;
        });
      lines[index]!.setAttribute("points", path.join(" "));
    });
    element.classList.toggle("is-empty", points.length < 2);
  };

  const catchUp = async (job: Job) => {
    const found = await getJson<{ losses: LossPoint[] }>(`api/v1/jobs/${job.id}/losses`).catch(() => null);
    if (!found || id !== job.id) return;
    const last = found.losses[found.losses.length - 1]?.done ?? 0;
    points = [...found.losses.map((point) => ({ ...point, ...summed(point) })), ...points.filter((point) => point.done > last)];
    if (points.length > 1) draw();
  };

  const show = (job: Job) => {
    if (job.id !== id) {
      id = job.id;
      points = [];
      figures.replaceChildren();
      draw();
      if (job.progress && !state.onDevice) void catchUp(job);
    }
    const { progress } = job;
    if (!progress || progress.losses["total"] === undefined) return;
    const last = points[points.length - 1];
    if (last && last.done >= progress.done) return;
    const now = summed(progress.losses);
    points.push({ ...now, done: progress.done, elapsed: progress.elapsed, level: progress.level });
    if (points.length > 1) draw();
    const shown = PARTS.filter((part) => now[part] > 0);
    fill(figures, shown.map((part) => h("div", {}, h("dt", { class: `key-${part}` }, NAMES[part]), h("dd", {}, figure(now[part])))));
  };
  return { element, show };
}

/** From a little below what the losses are now: the content's begins near nothing, and would flatten the rest. */
function range(points: LossPoint[]): [number, number] {
  const positive = (values: (number | undefined)[]) => values.filter((value): value is number => value !== undefined && value > 0);
  const now = positive(PARTS.map((part) => points[points.length - 1]?.[part]));
  const all = positive(points.flatMap((point) => PARTS.map((part) => point[part])));
  return [0.8 * Math.min(...now), Math.max(...all)];
}

/** Losses come with a part for every layer, "style relu3_1"; shown are their sums. */
function summed(losses: Record<string, number>): Record<(typeof PARTS)[number], number> {
  const sum = (name: string) =>
    Object.entries(losses).reduce((all, [part, value]) => (part.split(" ")[0] === name ? all + value : all), 0);
  return { total: sum("total"), style: sum("style"), content: sum("content") };
}

const NAMES = { total: "Loss", style: "Style", content: "Content" };

function figure(value: number): string {
  return value >= 100 || value < 0.01 ? value.toExponential(1) : value.toPrecision(3);
}

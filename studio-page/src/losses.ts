/** The losses as they fall, on a logarithmic scale. */

import { figure, joined, PARTS, toLines, type Point } from "./curve";
import { fill, h, svg } from "./dom";
import { getJson } from "./http";
import { state } from "./state";
import type { Job, LossPoint } from "./types";
import { t } from "./language";

const WIDTH = 320;
const HEIGHT = 76;

/** A chart of one job at a time; it asks once for what happened before it heard of the job's progress. */
export function chart(): { element: HTMLElement; show(job: Job): void } {
  let id = "";
  let asked = false;
  let points: Point[] = [];
  const lines = PARTS.map((part) => svg("polyline", { class: `loss-${part}`, fill: "none" }));
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.append(...lines);
  const figures = h("dl", { class: "figures" });
  const element = h("div", { class: "losses" }, picture as unknown as HTMLElement, figures);

  const draw = () => {
    const drawn = toLines(points, WIDTH, HEIGHT);
    PARTS.forEach((part, index) => lines[index]!.setAttribute("points", drawn[part]));
    element.classList.toggle("is-empty", points.length < 2);
  };

  const catchUp = async (job: Job) => {
    const found = await getJson<{ losses: LossPoint[] }>(`api/v1/jobs/${job.id}/losses`).catch(() => null);
    if (!found || id !== job.id) return;
    points = joined(found.losses, points);
    if (points.length > 1) draw();
  };

  const show = (job: Job) => {
    if (job.id !== id) {
      id = job.id;
      asked = false;
      points = [];
      figures.replaceChildren();
      draw();
    }
    const { progress } = job;
    if (!progress || PARTS.every((part) => progress.losses[part] === undefined)) return;
    if (!asked && !state.onDevice) {
      // The first that is heard of a job may be far into it: events are sent a few times a second.
      asked = true;
      void catchUp(job);
    }
    const { done, losses } = progress;
    if (done <= (points.at(-1)?.done ?? -1)) return;
    points.push({ ...losses, done });
    if (points.length > 1) draw();
    const shown = PARTS.flatMap((part) => (losses[part] ? [{ part, loss: losses[part] }] : []));
    fill(figures, shown.map(({ part, loss }) => h("div", {}, h("dt", { class: `key-${part}` }, NAMES[part]), h("dd", {}, figure(loss)))));
  };
  return { element, show };
}

const NAMES = { total: t`Loss`, style: t`Style`, content: t`Content` };

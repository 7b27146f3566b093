/** What can be told of results side by side: which ones to begin with, and in what their settings differ. */

import { list, percent } from "./format";
import { t } from "./language";
import { presetTitle } from "./named";
import type { Job, JobSettings } from "./types";

/** As many are seen beside each other. */
export const MOST = 4;

type StyleTitle = (style: JobSettings["styles"][number]) => string;

/** The settings of a request that people see, in words. */
function words(request: JobSettings, titleOf: StyleTitle): string[] {
  const total = request.styles.reduce((sum, { weight }) => sum + (weight ?? 1), 0);
  const styles = request.styles.map((style) => (request.styles.length > 1 ? `${titleOf(style)} ${percent((style.weight ?? 1) / total)}` : titleOf(style)));
  const masked = Boolean(request.protect) || request.styles.some(({ mask }) => mask);
  const options = Object.entries(request.options ?? {}).map(([name, value]) => `${name.replaceAll("_", " ")} ${JSON.stringify(value)}`);
  return [
    list(styles),
    t`Strength: ${percent(request.strength ?? 1)}`,
    t`Stroke size: ${percent(request.stroke_size ?? 1)}`,
    t`Photograph\u2019s colours: ${percent(request.keep_color ?? 0)}`,
    t`Preset: ${presetTitle(request.preset ?? "default")}`,
    t`${request.size ?? 512} px`,
    masked ? t`With masks` : t`Without masks`,
    t`Seed: ${request.seed ?? 0}`,
    options.join(", "),
  ];
}

/** For each request, in words, the settings in which not all are equal. */
export function differences(requests: readonly JobSettings[], titleOf: StyleTitle): string[][] {
  const all = requests.map((request) => words(request, titleOf));
  const differs = (index: number) => new Set(all.map((each) => each[index])).size > 1;
  return all.map((each) => each.filter((word, index) => word !== "" && differs(index)));
}

/** A result and the one to see it beside: the latest other of the same photograph, or else the latest other. */
export function pair(job: Job, results: readonly Job[]): Job[] {
  const others = results.filter(({ id }) => id !== job.id);
  const partner = others.find(({ request }) => request.photo === job.request.photo) ?? others[0];
  return partner ? [partner, job] : [job];
}

/** Those compared, with or without one more; the same where there is no room. */
export function toggled(ids: readonly string[], id: string): readonly string[] {
  if (ids.includes(id)) return ids.filter((each) => each !== id);
  return ids.length < MOST ? [...ids, id] : ids;
}

/** The page's settings as a request for a job, and back. */

import type { InputMasks } from "./masks";
import type { Choice } from "./mix";
import type { Part } from "./part";
import type { FilmSubmission, JobRequest, JobSettings } from "./types";

export interface Settings {
  mix: Choice[];
  strength: number;
  strokeSize: number;
  keepColor: number;
  preset: string;
  size: number;
  seed: number;
  /** Single options a past picture was painted with, given through the API. */
  options: Record<string, unknown>;
}

/** The pictures of a request, by what the studio knows them by. */
export interface Sources {
  photo: string;
  /** One for each style in the mix. */
  styles: ({ name: string } | { picture: string })[];
  /** One for each style in the mix, or none at all. */
  masks: (string | null)[];
  inputs: InputMasks;
}

/** The request for a painting. Masks decide alone where styles go: weights are equal then. */
export function toRequest(settings: Settings, { photo, styles, masks, inputs }: Sources): JobRequest {
  const { size } = settings;
  return {
    kind: "painting",
    photo,
    styles: styles.map((source, index) => {
      const mask = masks[index];
      return mask ? { ...source, weight: 1, mask } : { ...source, weight: settings.mix[index]!.weight };
    }),
    preset: settings.preset,
    size,
    strength: settings.strength,
    stroke_size: settings.strokeSize,
    keep_color: settings.keepColor,
    ...inputs,
    mask_feather: Object.keys(inputs).length > 0 || masks.some(Boolean) ? Math.round(size / 128) : 0,
    seed: settings.seed,
    options: settings.options,
  };
}

/** The long side of a painted film: as asked for, but not more than its own. */
export function filmSize(size: number, { width, height }: { width: number; height: number }): number {
  return Math.max(64, Math.min(size, Math.max(width, height)));
}

/** The request for a painted film, or a part of it: by the network that paints the previews, with the same settings. */
export function toFilmRequest(settings: Settings, { photo, styles }: Sources, own: { width: number; height: number }, part: Part): FilmSubmission {
  return {
    kind: "film",
    photo,
    styles: styles.map((source, index) => ({ ...source, weight: settings.mix[index]!.weight })),
    size: filmSize(settings.size, own),
    strength: Math.min(2, settings.strength),
    stroke_size: Math.min(3, Math.max(0.25, settings.strokeSize)),
    keep_color: settings.keepColor,
    options: givenTimes(part),
  };
}

/** The start and the end of a part, where it has them, in seconds to the millisecond. */
export function givenTimes({ start, end }: Part): { start?: string; end?: string } {
  return { ...(start === null ? {} : { start: start.toFixed(3) }), ...(end === null ? {} : { end: end.toFixed(3) }) };
}

/** The settings a job was painted with. `keys`: each style's key, null where it is gone; the greatest weight becomes 1. */
export function toSettings(request: JobSettings, keys: (string | null)[], otherwise: { size: number }): Settings {
  const most = Math.max(1, ...request.styles.map(({ weight }) => weight ?? 1));
  return {
    mix: request.styles.flatMap(({ weight }, index) => {
      const key = keys[index];
      return key ? [{ key, weight: (weight ?? 1) / most }] : [];
    }),
    strength: request.strength ?? 1,
    strokeSize: request.stroke_size ?? 1,
    keepColor: request.keep_color ?? 0,
    preset: request.preset ?? "default",
    size: request.size ?? otherwise.size,
    seed: request.seed ?? 0,
    options: request.kind === "film" ? {} : (request.options ?? {}), // a film's are others than a painting's
  };
}

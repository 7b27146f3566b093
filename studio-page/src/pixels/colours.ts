/** The photograph's colours under the painting's lightness, as `imaging.keep_colours` has it. */

import type { Planes } from "./planes";

/** Luma of encoded values (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114] as const;

const clip = (value: number) => Math.min(1, Math.max(0, value));

/**
 * `painting` with `strength` (0 to 1) of the colours of `photo`, which has its size. Chroma is what a colour has
 * beside its luma: to change luma alone is to add the same to red, green and blue.
 */
export function keepColours(painting: Planes, photo: Planes, strength: number): Planes {
  if (strength <= 0) return painting;
  const area = painting.width * painting.height;
  const [P, Q] = [painting.data, photo.data];
  const data = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    let lighter = 0;
    for (let channel = 0; channel < 3; channel++) lighter += LUMA[channel]! * (P[channel * area + i]! - Q[channel * area + i]!);
    for (let at = i; at < 3 * area; at += area) data[at] = (1 - strength) * P[at]! + strength * clip(Q[at]! + lighter);
  }
  return { width: painting.width, height: painting.height, data };
}

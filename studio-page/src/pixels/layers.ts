/** Paintings laid over one another through masks. */

import type { Planes } from "./planes";

/** A grey mask of the size of its picture, 255 where it counts. */
export type Mask = Uint8ClampedArray;

/** One mask for each painting, or none at all where all of `painted` are null: those that are null have the rest. */
export function shareOut(painted: (Mask | null)[]): Mask[] {
  const known = painted.filter((mask) => mask !== null);
  const rest = known[0]?.map((_, i) => known.reduce((left, mask) => left - mask[i]!, 255));
  return rest ? painted.map((mask) => mask ?? rest) : [];
}

/**
 * Each painting where its mask is white; where masks overlap, in their shares; where none is, the
 * photograph. `masks` may be empty for a single painting everywhere.
 */
export function compose(photo: Planes, paintings: Planes[], masks: Mask[]): Planes {
  const first = paintings[0];
  if (!first) return photo;
  if (masks.length === 0) return first;
  const area = photo.width * photo.height;
  const data = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    let covered = 0;
    for (const mask of masks) covered += mask[i]! / 255;
    const bare = Math.max(0, 1 - covered);
    const scale = covered > 1 ? 1 / covered : 1;
    for (let at = i; at < 3 * area; at += area) {
      let value = bare * photo.data[at]!;
      for (let k = 0; k < masks.length; k++) value += scale * (masks[k]![i]! / 255) * paintings[k]!.data[at]!;
      data[at] = value;
    }
  }
  return { width: photo.width, height: photo.height, data };
}

/** `painting` with the photograph where `mask` is white. */
export function protect(painting: Planes, photo: Planes, mask: Mask): Planes {
  const area = painting.width * painting.height;
  const data = new Float32Array(painting.data);
  for (let at = 0; at < data.length; at++) {
    const kept = mask[at % area]! / 255;
    if (kept > 0) data[at] = data[at]! * (1 - kept) + photo.data[at]! * kept;
  }
  return { width: painting.width, height: painting.height, data };
}

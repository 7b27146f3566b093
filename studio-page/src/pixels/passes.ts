/** Passes of the network from coarse to fine, as `impasto.inference` has them: the change that painting makes at half the size is there before the whole is painted. */

import type { Planes } from "./planes";

/** Rows and columns of pixels to one of the network's deepest features. */
export const STRIDE = 8;
/** Pixels a side that a pass needs. */
const LEAST = 16;
/** Of a coarser pass: one that is fainter is left out. */
const LEAST_CHANGE = 1e-6;

export interface Passes {
  /** Passes in all; each paints at half the size of the one after it, the last at the picture's own. */
  count: number;
  /** The share of the change made by the first of several. */
  boldness: number;
}

/** The passes that paint strokes of `strokeSize`, as many as a picture of this size has room for. */
export function passesFor(strokeSize: number, width: number, height: number): Passes {
  const exact = Math.max(0, 1 + Math.log2(strokeSize));
  const coarser = Math.abs(exact - Math.round(exact)) < LEAST_CHANGE ? Math.round(exact) : exact;
  const asked = Math.ceil(coarser) + 1;
  const fitting = 1 + Math.floor(Math.log2(Math.max(1, Math.floor(Math.min(width, height) / LEAST))));
  return fitting < asked ? { count: fitting, boldness: 1 } : { count: asked, boldness: 1 - Math.ceil(coarser) + coarser };
}

/** A picture, mirrored at the right and the bottom until its sides are multiples of `stride`. */
export function padded({ width, height, data }: Planes, stride: number): Planes {
  const [across, down] = [width, height].map((side) => Math.ceil(side / stride) * stride) as [number, number];
  const mirrored = (place: number, side: number) => (place < side ? place : 2 * side - 2 - place);
  return drawn(across, down, (plane, x, y) => data[(plane * height + mirrored(y, height)) * width + mirrored(x, width)]!);
}

/** The upper left part of a picture. */
export function cropped({ width, height, data }: Planes, across: number, down: number): Planes {
  return drawn(across, down, (plane, x, y) => data[(plane * height + y) * width + x]!);
}

/** A picture of even sides at half its size, the mean of two by two. */
export function halved({ width, height, data }: Planes): Planes {
  return drawn(width / 2, height / 2, (plane, x, y) => {
    const at = (plane * height + 2 * y) * width + 2 * x;
    return (data[at]! + data[at + 1]! + data[at + width]! + data[at + width + 1]!) / 4;
  });
}

/** `image` with a `share` of the change that painting made to it at half its size, within [0, 1]. */
export function emboldened(image: Planes, small: Planes, paintedSmall: Planes, share: number): Planes {
  const { width, height } = small;
  const change = small.data.map((value, k) => share * (Math.min(1, Math.max(0, paintedSmall.data[k]!)) - value));
  const wide = doubled({ width, height, data: change });
  return { ...image, data: image.data.map((value, k) => Math.min(1, Math.max(0, value + wide.data[k]!))) };
}

/** A picture at twice its size by linear interpolation, smoothed by 1-2-1 before it. */
export function doubled(picture: Planes): Planes {
  return turned(longer(turned(longer(picture))));
}

/** Twice as high. */
function longer({ width, height, data }: Planes): Planes {
  const row = (y: number) => Math.min(height - 1, Math.max(0, y));
  const smooth = drawn(width, height, (plane, x, y) => {
    const at = (k: number) => data[(plane * height + row(y + k)) * width + x]!;
    return 0.5 * at(0) + 0.25 * (at(-1) + at(1));
  }).data;
  return drawn(width, 2 * height, (plane, x, y) => {
    const [own, beside] = [y >> 1, (y >> 1) + (y % 2 ? 1 : -1)];
    return 0.75 * smooth[(plane * height + own) * width + x]! + 0.25 * smooth[(plane * height + row(beside)) * width + x]!;
  });
}

/** With rows as columns. */
function turned({ width, height, data }: Planes): Planes {
  return drawn(height, width, (plane, x, y) => data[(plane * height + x) * width + y]!);
}

function drawn(width: number, height: number, value: (plane: number, x: number, y: number) => number): Planes {
  const data = new Float32Array(3 * width * height);
  for (let plane = 0, at = 0; plane < 3; plane++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[at++] = value(plane, x, y);
  }
  return { width, height, data };
}

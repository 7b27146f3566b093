/** Strokes of the mask brush: the dabs they are made of. */

export type Point = [number, number];

/** Where the brush dabs on its way, at most a quarter of its radius apart. */
export function dabs(from: Point, to: Point, radius: number): Point[] {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const steps = Math.max(1, Math.ceil(length / Math.max(1, radius / 4)));
  return Array.from({ length: steps + 1 }, (_, step) => [
    from[0] + ((to[0] - from[0]) * step) / steps,
    from[1] + ((to[1] - from[1]) * step) / steps,
  ]);
}

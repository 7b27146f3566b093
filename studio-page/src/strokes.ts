/** Strokes of the mask brush: the dabs they are made of, and taking them back. */

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

/** What there was before each of the last `limit` changes. */
export class Past<T> {
  private readonly kept: T[] = [];

  constructor(private readonly limit: number) {}

  keep(before: T): void {
    this.kept.push(before);
    if (this.kept.length > this.limit) this.kept.shift();
  }

  takeBack(): T | undefined {
    return this.kept.pop();
  }
}

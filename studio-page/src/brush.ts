/** The brush that paints masks, by pointer or by keyboard. */

import { beginStroke, drawMasks, endStroke, maskSize, stroke } from "./masks";
import { onChange, state } from "./state";
import type { Point } from "./strokes";

/** What the brush is set to; the brush's own bar changes it. */
export const brushing = { size: 0.08, erase: false };

export class Brush {
  private last: Point | null = null;
  private at: Point = [0.5, 0.5];
  private readonly ring = document.createElement("div");

  constructor(
    private readonly overlay: HTMLCanvasElement,
    view: HTMLElement,
  ) {
    this.ring.className = "brush-ring";
    this.ring.hidden = true;
    queueMicrotask(() => view.querySelector(".sheet")?.append(this.ring));
    onChange(["brushing", "brushTarget", "masksChanged", "mix"], () => this.redraw());
  }

  redraw(): void {
    this.overlay.hidden = !state.brushing;
    if (state.brushing) drawMasks(this.overlay, state.brushTarget);
    else this.ring.hidden = true;
  }

  private toMask([u, v]: Point): Point {
    const [width, height] = maskSize();
    return [u * width, v * height];
  }

  private get radius(): number {
    return (brushing.size * Math.max(...maskSize())) / 2;
  }

  /** Places are shares of the picture's width and height. */
  start(place: Point): void {
    beginStroke(state.brushTarget);
    this.last = this.toMask(place);
    this.draw(this.last);
  }

  move(place: Point): void {
    if (this.last) this.draw(this.toMask(place));
  }

  stop(): void {
    if (!this.last) return;
    this.last = null;
    endStroke(state.brushTarget);
  }

  private draw(to: Point): void {
    stroke(state.brushTarget, this.last ?? to, to, this.radius, brushing.erase);
    this.last = to;
    drawMasks(this.overlay, state.brushTarget);
  }

  /** Show the brush's outline at a place, `width` being the picture's on the screen. */
  hover(place: Point | null, width: number): void {
    this.ring.hidden = place === null || !state.brushing;
    if (place === null) return;
    this.at = place;
    const [w, h] = maskSize();
    const side = (2 * this.radius * width) / w;
    Object.assign(this.ring.style, {
      width: `${side}px`,
      height: `${side}px`,
      left: `${place[0] * width}px`,
      top: `${(place[1] * width * h) / w}px`,
    });
  }

  /** Arrows move the brush by half its width, with shift they draw; space dabs. */
  key(event: KeyboardEvent, width: number): boolean {
    const moves: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const [w, h] = maskSize();
    const direction = moves[event.key];
    if (direction) {
      const step = this.radius;
      const from = this.at;
      const clamp = (value: number) => Math.min(1, Math.max(0, value));
      this.at = [clamp(from[0] + (direction[0] * step) / w), clamp(from[1] + (direction[1] * step) / h)];
      if (event.shiftKey) {
        this.start(from);
        this.move(this.at);
        this.stop();
      }
    } else if (event.key === " " || event.key === "Enter") {
      this.start(this.at);
      this.stop();
    } else return false;
    this.hover(this.at, width);
    return true;
  }
}

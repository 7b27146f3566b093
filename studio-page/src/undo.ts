/** Undo and redo of settings and of strokes of the brush, on one timeline. */

import { t } from "./language";
import type { Settings } from "./request";
import { onChange, state, update } from "./state";
import { say } from "./status";
import { Timeline, type Step } from "./timeline";

/** A stroke keeps a mask of some megabytes. */
export const timeline = new Timeline(24);

const UNDONE = ["mix", "strength", "strokeSize", "keepColor", "preset", "size", "seed", "options"] as const;
/** Changes within this time, such as those of a slider that is drawn, are one step. */
const TOGETHER = 500;

export function undo(): void {
  say(timeline.undo() ? t`Undone.` : t`There is nothing to undo.`);
}

export function redo(): void {
  say(timeline.redo() ? t`Done again.` : t`There is nothing to do again.`);
}

/** From some settings to others; changes that follow at once belong to it. */
class Change implements Step {
  private at = performance.now();

  constructor(
    private readonly from: Settings,
    private to: Settings,
    private readonly set: (settings: Settings) => void,
  ) {}

  /** Whether `to` is taken as a part of this change. */
  takes(to: Settings): boolean {
    const now = performance.now();
    if (now - this.at > TOGETHER) return false;
    [this.at, this.to] = [now, to];
    return true;
  }

  undo(): void {
    this.set(this.from);
  }

  redo(): void {
    this.set(this.to);
  }
}

/** Remember changes of settings from now on, and listen for the keys. */
export function startUndo(): void {
  const settings = () => Object.fromEntries(UNDONE.map((key) => [key, state[key]])) as unknown as Settings;
  let before = settings();
  let latest: Change | null = null;
  const set = (to: Settings) => {
    [before, latest] = [to, null];
    update({ ...to });
  };
  onChange(["photo"], () => {
    timeline.clear();
    [before, latest] = [settings(), null];
  });
  onChange(UNDONE, () => {
    const now = settings();
    if (UNDONE.every((key) => Object.is(before[key], now[key]))) return;
    if (!latest?.takes(now)) timeline.add((latest = new Change(before, now, set)));
    before = now;
  });
  window.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isText(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) undo();
    else if (key === "y" || key === "z") redo();
    else return;
    event.preventDefault();
  });
}

/** Whether the browser undoes there by itself. */
function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("textarea, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])");
}

/** What was done, to be undone and done again. */

export interface Step {
  undo(): void;
  redo(): void;
}

/** At most `limit` steps; the oldest are forgotten first. */
export class Timeline {
  private done: Step[] = [];
  private undone: Step[] = [];

  constructor(private readonly limit: number) {}

  add(step: Step): void {
    this.done.push(step);
    if (this.done.length > this.limit) this.done.shift();
    this.undone = [];
  }

  /** Whether there was anything to undo. */
  undo(): boolean {
    const step = this.done.pop();
    if (!step) return false;
    step.undo();
    this.undone.push(step);
    return true;
  }

  /** Whether there was anything to do again. */
  redo(): boolean {
    const step = this.undone.pop();
    if (!step) return false;
    step.redo();
    this.done.push(step);
    return true;
  }

  clear(): void {
    this.done = [];
    this.undone = [];
  }
}

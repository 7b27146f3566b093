/** What this browser remembers from one visit to the next; pictures are kept by `easelkeeper`. */

import { onChange, state, update, type State } from "./state";

const PLACE = "impasto-studio";
const KEPT = ["strength", "strokeSize", "keepColor", "preset", "size", "mixing", "onDevice", "favourites"] as const;

interface Kept extends Partial<Pick<State, (typeof KEPT)[number]>> {
  mix?: { key: string; weight: number }[];
  photo?: string | null;
  chosen?: string | undefined;
  job?: string | null;
  part?: unknown;
  user?: string | null;
}

export function remembered(): Kept {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Kept;
  } catch {
    return {};
  }
}

function remember(): void {
  const kept: Kept = { photo: state.photo?.id ?? null, chosen: state.photo?.chosen, part: state.part, job: state.job, user: state.session?.user ?? remembered().user ?? null };
  for (const key of KEPT) Object.assign(kept, { [key]: state[key] });
  // A painting of one's own is known by its key only until the page is closed, by its id for longer.
  kept.mix = state.mix.map(({ key, weight }) => ({ key: state.paintings.find((one) => one.key === key)?.id ?? key, weight }));
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
  } catch {
    // Private windows have no place to keep anything.
  }
}

export function forgetSettings(): void {
  localStorage.removeItem(PLACE);
}

export function startRemembering(): void {
  onChange([...KEPT, "mix", "photo", "part", "job", "jobs", "busy"], remember);
}

/** Sliders and choices as they were. */
export function restoreSettings(): void {
  const kept = remembered();
  const changes: Partial<State> = {};
  for (const key of KEPT) {
    if (key !== "onDevice" && typeof kept[key] === typeof state[key]) Object.assign(changes, { [key]: kept[key] });
  }
  update(changes);
}

export type Theme = "auto" | "light" | "dark";

export function theme(): Theme {
  const found = localStorage.getItem(`${PLACE}-theme`);
  return found === "light" || found === "dark" ? found : "auto";
}

export function setTheme(to: Theme): void {
  if (to === "auto") localStorage.removeItem(`${PLACE}-theme`);
  else localStorage.setItem(`${PLACE}-theme`, to);
  applyTheme();
}

export function applyTheme(): void {
  const now = theme();
  if (now === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = now;
}

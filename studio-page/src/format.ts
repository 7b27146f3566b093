/** Numbers and states as people say them. */

import { t } from "./language";

export function duration(seconds: number): string {
  if (seconds < 1) return t`a second`;
  if (seconds < 90) return t`${Math.round(seconds)} s`;
  if (seconds < 5400) return t`${Math.round(seconds / 60)} min`;
  return t`${(seconds / 3600).toFixed(1)} h`;
}

export function megabytes(bytes: number): string {
  return t`${(bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0)} MB`;
}

export function list(words: string[]): string {
  if (words.length < 2) return words.join("");
  return t`${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export function when(iso: string): string {
  return DAY.format(new Date(iso));
}

export function withoutSuffix(name: string): string {
  return name.replace(/\.[A-Za-z0-9]{2,5}$/, "");
}

export const STATUS: Record<string, string> = {
  queued: t`Waiting`,
  running: t`Painting`,
  pausing: t`Pausing`,
  paused: t`Paused`,
  cancelling: t`Stopping`,
  done: t`Painted`,
  cancelled: t`Cancelled`,
  failed: t`Failed`,
};

/** Numbers, dates and states as people say them in the page's language. */

import { LOCALE, t } from "./language";

const unit = (name: string, digits: number) =>
  new Intl.NumberFormat(LOCALE, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits });

const PERCENT = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 0 });

/** `digits`: decimals of less than ten seconds. */
export function duration(seconds: number, digits = 0): string {
  if (seconds < 10) return unit("second", digits).format(Math.max(digits > 0 ? 0.1 : 1, seconds));
  if (seconds < 90) return unit("second", 0).format(seconds);
  if (seconds < 5400) return unit("minute", 0).format(seconds / 60);
  return unit("hour", 1).format(seconds / 3600);
}

export function megabytes(bytes: number): string {
  return unit("megabyte", bytes < 10485760 ? 1 : 0).format(bytes / 1048576);
}

/** Megabytes up to a thousand, then gigabytes. */
export function size(count: number): string {
  return count < 1000 * 1048576 ? megabytes(count) : unit("gigabyte", 1).format(count / 1073741824);
}

const SECONDS = new Intl.NumberFormat(LOCALE, { minimumIntegerDigits: 2, maximumFractionDigits: 3 });

/** A time in a film to the millisecond, with hours where there are any. */
export function moment(seconds: number): string {
  const exact = Math.round(1000 * seconds);
  const minutes = Math.floor(exact / 60_000);
  const rest = SECONDS.format((exact % 60_000) / 1000);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** `share`: 1 is 100 %. */
export function percent(share: number): string {
  return PERCENT.format(share);
}

const LIST = new Intl.ListFormat(LOCALE, { type: "conjunction" });

export function list(words: readonly string[]): string {
  return LIST.format(words);
}

/** A list of elements, with the words between them. */
export function listed<T>(items: readonly T[]): (string | T)[] {
  return LIST.formatToParts(items.map((_, index) => String(index))).map(({ type, value }) => (type === "element" ? items[Number(value)]! : value));
}

const DAY = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

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

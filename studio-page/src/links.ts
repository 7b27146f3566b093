/** What can be told of links without a page. */

/** The lifetimes offered for a link, in days, up to the most that the studio allows. */
export function lifetimes(most: number): number[] {
  const usual = [1, 7, 30].filter((days) => days < most);
  return most > 0 ? [...usual, most] : [];
}

/** Whether a host's name means this machine, so that a link to it is of no use to others. */
export function isOnlyHere(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host.startsWith("127.") || host === "[::1]";
}

/** A title as the name of a file. */
export function fileName(title: string, suffix: string): string {
  const name = title.replace(/[\p{C}<>:"/\\|?*]+/gu, "-").trim().slice(0, 100);
  return `${name || "painting"}.${suffix}`;
}

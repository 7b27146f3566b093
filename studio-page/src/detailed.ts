/** Errors whose cause is told in English: by the studio, a library or the browser. */

/** What happened, in the page's language; `detail`: more about it in English, or nothing. */
export class DetailedError extends Error {
  constructor(
    message: string,
    readonly detail: string,
  ) {
    super(message);
  }
}

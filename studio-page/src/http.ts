/** The one way to the server. On the device it lets nothing out. */

import type { ProblemDocument, Session } from "./types";
import { DetailedError } from "./detailed";
import { problemWords, t } from "./language";

/** A refusal, in the studio's words or, translated, in those for its type and with the studio's as its detail. */
export class Problem extends DetailedError {
  constructor(readonly document: ProblemDocument) {
    const { text, detail } = words(document);
    super(text, detail);
  }

  get status(): number {
    return this.document.status;
  }
}

/** The server cannot be reached. */
export class Unreachable extends Error {
  constructor() {
    super(t`The studio does not answer. Is it still running?`);
  }
}

function words(document: ProblemDocument): { text: string; detail: string } {
  const first = document.errors?.[0];
  return problemWords(document.type, first ? `${first.field}: ${first.message}` : document.detail);
}

/** Where the page lives, so that a studio under a path of its own works too. */
export const BASE = new URL(".", document.baseURI);

export function address(path: string): string {
  return path.startsWith("/") ? new URL(path.slice(1), BASE).href : new URL(path, BASE).href;
}

const wire = { csrf: null as string | null, closed: false, leaving: false, signedOut: () => {} };

/** While closed, every request that carries something is refused here, before the browser sees it. */
export function closeWire(closed: boolean): void {
  wire.closed = closed;
}

/** End the session; the page is loaded again after it. */
export async function signOut(): Promise<void> {
  wire.leaving = true;
  try {
    await remove("api/v1/session");
  } catch (error) {
    wire.leaving = false;
    throw error;
  }
}

export function whenSignedOut(listener: () => void): void {
  wire.signedOut = listener;
}

/** Who signs out is not asked to sign in again by requests that were still under way. */
function tellSignedOut(): void {
  if (!wire.leaving) wire.signedOut();
}

async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  if (wire.closed && method !== "GET") throw new Error(t`On this device nothing is sent: that needs the studio.`);
  const headers = new Headers(init.headers);
  if (method !== "GET" && wire.csrf) headers.set("X-CSRF-Token", wire.csrf);
  let response: Response;
  try {
    response = await fetch(address(path), { ...init, method, headers, credentials: "same-origin" });
  } catch {
    throw new Unreachable();
  }
  if (response.ok) return response;
  const problem = await toProblem(response);
  if (problem.status === 401 && !path.endsWith("/session")) tellSignedOut();
  throw problem;
}

async function toProblem(response: Response): Promise<Problem> {
  try {
    const document = (await response.json()) as ProblemDocument;
    if (typeof document.detail === "string") return new Problem(document);
  } catch {
    // Not a problem document: a proxy's page, say.
  }
  const title = t`The studio answered ${response.status} ${response.statusText}`.trim();
  return new Problem({ type: "about:blank", title, detail: title, status: response.status });
}

export async function getJson<T>(path: string): Promise<T> {
  return (await send("GET", path)).json() as Promise<T>;
}

export async function getBlob(path: string): Promise<Blob> {
  return (await send("GET", path)).blob();
}

export function post(path: string, body: unknown = {}, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Content-Type", "application/json");
  return send("POST", path, { ...init, headers, body: JSON.stringify(body) });
}

export async function postJson<T>(path: string, body: unknown = {}, init: RequestInit = {}): Promise<T> {
  return (await post(path, body, init)).json() as Promise<T>;
}

export async function postForm<T>(path: string, form: FormData): Promise<T> {
  return (await send("POST", path, { body: form })).json() as Promise<T>;
}

/** Send a file as it is; `tell` hears which share of it has arrived. */
export function postFile<T>(path: string, file: Blob, tell: (share: number) => void): Promise<T> {
  if (wire.closed) return Promise.reject(new Error(t`On this device nothing is sent: that needs the studio.`));
  return new Promise((resolve, reject) => {
    // Of what `fetch` sends, browsers do not tell how much has arrived.
    const asked = new XMLHttpRequest();
    asked.open("POST", address(path));
    asked.setRequestHeader("Content-Type", "application/octet-stream");
    if (wire.csrf) asked.setRequestHeader("X-CSRF-Token", wire.csrf);
    asked.upload.addEventListener("progress", ({ loaded, total }) => tell(total > 0 ? loaded / total : 0));
    asked.addEventListener("error", () => reject(new Unreachable()));
    asked.addEventListener("load", () => {
      if (asked.status < 300) return resolve(JSON.parse(asked.responseText) as T);
      if (asked.status === 401) tellSignedOut();
      void toProblem(new Response(asked.responseText, { status: asked.status, statusText: asked.statusText })).then(reject);
    });
    asked.send(file);
  });
}

/** Also while the page is being closed. */
export async function remove(path: string): Promise<void> {
  await send("DELETE", path, { keepalive: true });
}

export async function readSession(): Promise<Session> {
  const session = await getJson<Session>("api/v1/session");
  wire.csrf = session.csrf;
  return session;
}

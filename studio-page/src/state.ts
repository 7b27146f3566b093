/** What the page knows. Parts listen to the fields they show. */

import type { Unsent } from "./batch";
import * as mixes from "./mix";
import { WHOLE, type Part } from "./part";
import type { Settings } from "./request";
import type { Batch, Capabilities, Estimate, FilmEstimate, FilmFacts, Job, Session, Style } from "./types";

/** The photograph on the easel. `canvas` is upright, its long side at most `DISPLAY_SIDE`. */
export interface Photo {
  name: string;
  width: number;
  height: number;
  canvas: HTMLCanvasElement;
  /** As it was given; null where it came from the server. */
  blob: Blob | null;
  /** Its id on the server, once it is there. */
  id: string | null;
  /** Which of the photographs chosen together it is. */
  chosen?: string | undefined;
  /** Where it is the frame of a film, at so many seconds. */
  film?: { facts: FilmFacts; at: number } | undefined;
}

/** A photograph chosen together with others, to be painted as the one on the easel. */
export interface Chosen {
  key: string;
  name: string;
  blob: Blob;
}

/** A painting of one's own. */
export interface Painting {
  key: string;
  name: string;
  blob: Blob | null;
  id: string | null;
  image: string;
  /** Where the style file is into which the network learnt it. */
  learnt?: string | null;
}

export interface Device {
  status: "off" | "loading" | "ready" | "failed";
  provider: string;
  milliseconds: number | null;
  message: string;
  styles: string[];
}

export interface State extends Settings {
  session: Session | null;
  online: boolean;
  capabilities: Capabilities | null;
  styles: Style[];
  paintings: Painting[];
  photo: Photo | null;
  /** Which part of a film is painted. */
  part: Part;
  /** Why what was written is no part of the film; empty where it is one. */
  partWrong: string;
  /** Photographs to be painted alike; none where there is only the one on the easel. */
  many: readonly Chosen[];
  /** The folder they are from. */
  folder: string;
  /** Photographs on their way to the studio. */
  unsent: readonly Unsent[];
  /** Photographs painted alike, as the studio listed them. */
  batches: readonly Batch[];
  /** Paintings to have first, by `lasting` keys. */
  favourites: string[];
  /** Whether a click on a painting adds it to the mix. */
  mixing: boolean;
  onDevice: boolean;
  device: Device;
  /** What is on the easel beside the photograph. */
  showing: "nothing" | "preview" | "job";
  busy: string;
  /** How long a painting would take; null where that is not known. */
  estimate: Estimate | FilmEstimate | null;
  jobs: ReadonlyMap<string, Job>;
  job: string | null;
  brushing: boolean;
  /** What the brush paints: "protect", or the key of a painting. */
  brushTarget: string;
  masksChanged: number;
  offlineReady: boolean;
}

export const DISPLAY_SIDE = 2048;

export const state: State = {
  session: null,
  online: true,
  capabilities: null,
  styles: [],
  paintings: [],
  photo: null,
  part: WHOLE,
  partWrong: "",
  mix: [],
  many: [],
  folder: "",
  unsent: [],
  batches: [],
  favourites: [],
  mixing: false,
  strength: 1,
  strokeSize: 1,
  keepColor: 0,
  preset: "default",
  size: 1024,
  seed: 0,
  options: {},
  onDevice: false,
  device: { status: "off", provider: "", milliseconds: null, message: "", styles: [] },
  showing: "nothing",
  busy: "",
  estimate: null,
  jobs: new Map(),
  job: null,
  brushing: false,
  brushTarget: "protect",
  masksChanged: 0,
  offlineReady: false,
};

type Key = keyof State;
const listeners: { keys: readonly Key[]; call: () => void }[] = [];
let waiting: Set<Key> | null = null;

/** Call `listener` now, and after any of `keys` has changed; changes made together are told together. */
export function watch(keys: readonly Key[], listener: () => void): void {
  listeners.push({ keys, call: listener });
  listener();
}

/** Like `watch`, but not now. Answers with what ends it. */
export function onChange(keys: readonly Key[], listener: () => void): () => void {
  const entry = { keys, call: listener };
  listeners.push(entry);
  return () => void listeners.splice(listeners.indexOf(entry), 1);
}

export function update(changes: Partial<State>): void {
  const changed = (Object.keys(changes) as Key[]).filter((key) => !Object.is(state[key], changes[key]));
  Object.assign(state, changes);
  if (changed.length === 0) return;
  if (waiting === null) {
    waiting = new Set();
    queueMicrotask(tell);
  }
  for (const key of changed) waiting.add(key);
}

function tell(): void {
  const changed = waiting ?? new Set<Key>();
  waiting = null;
  for (const { keys, call } of listeners.slice()) if (keys.some((key) => changed.has(key))) call();
}

export function findStyle(key: string): Style | undefined {
  return state.styles.find((style) => style.name === key);
}

export function findPainting(key: string): Painting | undefined {
  return state.paintings.find((painting) => painting.key === key);
}

/** A painting's key on the next visit: the studio's id for it, once it has one. */
export function lasting(key: string): string {
  return findPainting(key)?.id ?? key;
}

/** What people call a style in the mix. */
export function titleOf(key: string): string {
  return findStyle(key)?.title ?? findPainting(key)?.name ?? key;
}

export function currentJob(): Job | null {
  return state.job === null ? null : (state.jobs.get(state.job) ?? null);
}

/** The mix with weights that add up to 1. */
export function shares(): mixes.Choice[] {
  return mixes.shares(state.mix);
}

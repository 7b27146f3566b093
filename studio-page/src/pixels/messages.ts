/** What the page and its worker say to each other. */

import type { Mask } from "./layers";
import type { Files } from "./network";

export interface Look {
  /** One mask a painting, of the size of the result; or none. */
  masks: Mask[];
  protect: Mask | null;
  /** 0 to 1. */
  keepColor: number;
}

export interface Paint extends Look {
  kind: "paint";
  id: number;
  side: number;
  /** One painting for each: styles and their shares. */
  mixes: { key: string; weight: number }[][];
  strength: number;
  strokeSize: number;
}

export interface Finish extends Look {
  kind: "finish";
  id: number;
  images: ImageData[];
}

export type Request =
  | { kind: "photo"; id: number; image: ImageData }
  | { kind: "painting"; id: number; key: string; image: ImageData }
  | { kind: "load"; id: number; files: Files; threads: number }
  | Paint
  | Finish;

export interface Reply {
  id: number;
  error?: string;
  image?: ImageData;
  milliseconds?: number;
  styles?: string[];
  provider?: string;
}

export type Draft<R extends Request = Request> = R extends Request ? Omit<R, "id"> : never;

/** What the server says and is told: docs/studio-api.md. */

export interface Session {
  authenticated: boolean;
  required: boolean;
  user: string | null;
  csrf: string | null;
}

export interface Capabilities {
  version: string;
  fast: boolean;
  explanation: boolean;
  model: string | null;
  presets: { name: string; summary: string }[];
  formats: string[];
  accepts: string[];
  limits: { bytes: number; pixels: number; size: number; styles: number; preview_side: number; draft_size: number };
}

export interface Style {
  name: string;
  title: string;
  artist: string;
  year: string;
  thumbnail: string | null;
  paint: boolean;
  fast: boolean;
}

export interface StoredPicture {
  id: string;
  role: "photo" | "painting" | "mask";
  name: string;
  width: number;
  height: number;
  content: string;
}

export interface JobStyle {
  name?: string | null;
  picture?: string | null;
  weight?: number;
  mask?: string | null;
}

export interface JobRequest {
  kind?: "painting" | "draft";
  photo: string;
  styles: JobStyle[];
  preset?: string;
  size?: number;
  strength?: number;
  stroke_size?: number;
  keep_color?: number;
  protect?: string | null;
  mask_feather?: number;
  seed?: number;
  title?: string | null;
  options?: Record<string, unknown>;
}

export type JobStatus =
  | "queued"
  | "running"
  | "pausing"
  | "paused"
  | "cancelling"
  | "done"
  | "cancelled"
  | "failed";

export interface JobProgress {
  done: number;
  level: number;
  levels: number;
  iteration: number;
  iterations: number;
  width: number;
  height: number;
  losses: Record<string, number>;
  elapsed: number;
  left: number | null;
}

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail?: string;
  retry_after?: number;
  errors?: { field: string; message: string }[];
}

export interface Job {
  id: string;
  kind: "painting" | "draft" | "explanation";
  title: string;
  status: JobStatus;
  created: string;
  finished: string | null;
  position: number | null;
  request: JobRequest;
  of: string | null;
  progress: JobProgress | null;
  preview: string | null;
  result: { url: string; width: number; height: number; bytes: number; seconds: number; partial: boolean } | null;
  thumbnail: string | null;
  explanation: string | null;
  error: ProblemDocument | null;
}

export interface LossPoint {
  done: number;
  elapsed: number;
  level: number;
  total: number;
  [part: string]: number;
}

export const FINAL: readonly JobStatus[] = ["done", "cancelled", "failed"];

export function isOver(job: Job): boolean {
  return FINAL.includes(job.status);
}

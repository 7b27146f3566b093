/** The API's types as the page calls them; `make types` generates api.d.ts from the studio's OpenAPI document. */

import type { components } from "./api";

type Schemas = components["schemas"];

export type Session = Schemas["SessionInfo"];
export type Capabilities = Schemas["Capabilities"];
export type OfferedStyle = Schemas["OfferedStyle"];
/** A style in the page's language; `hyphenated`: its title with soft hyphens, for narrow places. */
export type Style = OfferedStyle & { hyphenated: string; english: { title: string; artist: string } };
export type StoredPicture = Schemas["PictureOut"];
/** What a job was asked for. A film's has no masks and no seed; without a size it has its own. */
export type JobSettings = Omit<Schemas["JobSettings"], "kind" | "size" | "options"> &
  Pick<Partial<Schemas["FilmSettings"]>, "engine" | "size"> & {
    kind?: "painting" | "draft" | "film";
    options?: Record<string, unknown>;
  };
export type Job = Omit<Schemas["JobOut"], "request"> & { request: JobSettings };
export type FilmSubmission = Schemas["FilmSubmission"];
export type FilmFacts = Schemas["FilmFacts"];
export type FilmEstimate = Schemas["FilmEstimate"];
export type JobRequest = Schemas["JobRequest"];
export type AdminJob = Schemas["AdminJob"];
export type AdminOverview = Schemas["AdminOverview"];
export type AdminPerson = Schemas["AdminPerson"];
export type Link = Schemas["LinkOut"];
export type Batch = Schemas["BatchOut"];
export type Estimate = Schemas["Estimate"];
export type LossPoint = Schemas["LossPoint"];
export type ProblemDocument = Schemas["ProblemDocument"];

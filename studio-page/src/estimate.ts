/** How long a painting would take, as the studio measures itself. */

import { getJson } from "./http";
import { unfinished } from "./jobs";
import type { Part } from "./part";
import { filmSize, givenTimes } from "./request";
import { onChange, state, update, type Photo } from "./state";
import type { Estimate, FilmEstimate } from "./types";

const PAUSE = 250;
const AGAIN = 5000;

function ofPhoto({ width, height }: Photo, size: number, preset: string): Promise<Estimate> {
  const asked = new URLSearchParams({ width: String(width), height: String(height), size: String(size), preset });
  return getJson<Estimate>(`api/v1/estimate?${asked}`);
}

function ofFilm(photo: Photo, size: number, part: Part): Promise<FilmEstimate> {
  const asked = new URLSearchParams({ size: String(filmSize(size, photo)), ...givenTimes(part) });
  return getJson<FilmEstimate>(`api/v1/films/${photo.id}/estimate?${asked}`);
}

export function startEstimates(): void {
  let timer = 0;
  let turn = 0;
  let before = 0;
  const ask = async () => {
    const mine = ++turn;
    const { photo, size, preset, part } = state;
    // Options of a past picture, such as its iterations, are not in the estimate.
    if (!photo || state.onDevice || !state.online || Object.keys(state.options).length > 0) return update({ estimate: null });
    const estimate = await (photo.film ? ofFilm(photo, size, part) : ofPhoto(photo, size, preset)).catch(() => null);
    if (mine !== turn) return;
    update({ estimate });
    // A studio that has just been set up measures itself when it has time.
    if (estimate?.seconds === null) timer = window.setTimeout(() => void ask(), AGAIN);
  };
  const soon = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), PAUSE);
  };
  onChange(["photo", "part", "size", "preset", "options", "onDevice", "online", "session"], soon);
  onChange(["jobs"], () => {
    const now = unfinished().length;
    if (now !== before) soon();
    before = now;
  });
  soon();
}

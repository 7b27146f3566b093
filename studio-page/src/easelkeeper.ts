/** The photograph, the paintings of one's own and the masks outlive a reload, sent or not. */

import { masksAsPictures, restoreMask } from "./masks";
import { openPhoto } from "./photo";
import { findPainting, lasting, onChange, state, update, type Chosen, type Painting } from "./state";
import { closeStore, forget, forgetAll, keep, kept, keptBelow } from "./store";
import { forgetSettings, remembered } from "./settings";

const PAUSE = 400;
const PAINTINGS = 8;

interface KeptPhoto {
  name: string;
  blob: Blob;
  chosen?: string | undefined;
}
type KeptPainting = Pick<Painting, "key" | "name" | "blob" | "id" | "image">;

export function startKeeping(): void {
  onChange(["photo"], () => {
    const { photo } = state;
    void keep("photo", photo?.blob ? { name: photo.name, blob: photo.blob, chosen: photo.chosen } : null);
  });
  onChange(["many"], () => void keepMany());
  onChange(["paintings"], () => {
    const own = state.paintings.filter(({ blob }) => blob !== null).slice(0, PAINTINGS);
    void keep("paintings", own.map(({ key, name, blob, id, image }) => ({ key, name, blob, id, image })));
  });
  let timer = 0;
  onChange(["masksChanged", "mix"], () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void keepMasks(), PAUSE);
  });
}

async function keepMasks(): Promise<void> {
  const masks = await masksAsPictures();
  await keep("masks", masks.map(({ key, blob }) => ({ key: lasting(key), blob })));
}

/** Hang the paintings that have not been sent. */
export async function restorePaintings(): Promise<void> {
  const own = (await kept<KeptPainting[]>("paintings")) ?? [];
  const known = new Set(state.paintings.map(({ id }) => id));
  const unsent = own.filter(({ id, key }) => (id === null ? !findPainting(key) : !known.has(id) && !state.online));
  if (unsent.length > 0) update({ paintings: [...unsent, ...state.paintings] });
}

/** Put the photograph back on the easel that the studio does not have. */
export async function restorePhoto(): Promise<void> {
  const photo = await kept<KeptPhoto | null>("photo");
  if (photo) await openPhoto(photo.blob, photo.name, photo.chosen);
}

const MANY = "many/";
let keptMany: readonly Chosen[] = [];
let line = Promise.resolve();

/** Keep each photograph once, as some hundreds take long. */
function keepMany(): Promise<void> {
  const [before, now, { folder }] = [keptMany, state.many, state];
  keptMany = now;
  line = line.then(async () => {
    await keep("folder", folder);
    for (const one of before) if (!now.includes(one)) await forget(MANY + one.key);
    // Put away meanwhile, they need not be kept any more.
    for (const one of now) if (!before.includes(one) && keptMany.includes(one)) await keep(MANY + one.key, one);
  });
  return line;
}

/** The photographs that were chosen together, and are not painted yet. */
export async function restoreMany(): Promise<void> {
  const found = await keptBelow<Chosen>(MANY);
  keptMany = found;
  if (found.length > 1) update({ many: found, folder: (await kept<string>("folder")) ?? "" });
}

export async function restoreMasks(): Promise<void> {
  if (!state.photo) return;
  // Masks of another photograph are forgotten a moment after it has come.
  await new Promise((resolve) => window.setTimeout(resolve));
  for (const { key, blob } of (await kept<{ key: string; blob: Blob }[]>("masks")) ?? []) await restoreMask(key, blob);
}

/** Leave nothing to the next person at this browser. */
export const forgetEasel = closeStore;

/** Forget what another person has left here, whose session has ended without their signing out. */
export async function forgetOthers(user: string | null): Promise<void> {
  const before = remembered().user;
  if (before === undefined || before === user) return;
  forgetSettings();
  await forgetAll();
}

/** From a job back to the easel: its picture, and everything it was painted with. */

import { addStored } from "./gallery";
import { getBlob, getJson } from "./http";
import { forgetMasks, INPUTS, restoreMask } from "./masks";
import { held } from "./painting";
import { partOf, WHOLE } from "./part";
import { reopenPhoto } from "./photo";
import { toSettings } from "./request";
import { state, update } from "./state";
import { say, sayError } from "./status";
import type { Job, JobSettings, StoredPicture } from "./types";
import { t } from "./language";

/** Bring back a past picture, and everything it was painted with. */
export async function recall(job: Job): Promise<void> {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
  await held(async () => {
    try {
      update({ busy: t`Loading its settings` });
      const { request } = job;
      const there = await reopenPhoto(request.photo);
      if (!there) return sayError(new Error(t`The settings are loaded, but the photograph has been deleted.`));
      forgetMasks();
      const keys: (string | null)[] = [];
      for (const { name, picture } of request.styles) keys.push(name ?? (picture ? await addStored(picture) : null));
      const settings = toSettings(request, keys, state);
      const facts = state.photo?.film?.facts;
      update({ ...settings, mixing: settings.mix.length > 1, partWrong: "", part: facts ? partOf(request.options, facts) : WHOLE });
      await restoreMasks(request);
      update({ job: job.id, showing: "job" });
      say(t`${job.title} and its settings are back.`);
    } catch (error) {
      sayError(error);
    } finally {
      update({ busy: "" });
    }
  });
}

async function restoreMasks(request: JobSettings): Promise<void> {
  const wanted: [string, string][] = [];
  for (const { key } of INPUTS) if (request[key]) wanted.push([key, request[key]]);
  request.styles.forEach(({ mask, name, picture }) => {
    const key = name ?? state.paintings.find(({ id }) => id === picture)?.key;
    if (mask && key) wanted.push([key, mask]);
  });
  for (const [key, id] of wanted) {
    const about = await getJson<StoredPicture>(`api/v1/pictures/${id}`);
    await restoreMask(key, await getBlob(about.content));
  }
}

/** Files of a drop or a choice, whole folders too: the pictures among them, in order, and which are passed over. */

import { list } from "./format";
import { t } from "./language";

const SUFFIXES = ["png", "jpg", "jpeg", "webp", "avif", "tif", "tiff", "heic", "heif", "bmp", "gif", "jfif"];
/** What a file dialog offers: some systems do not know every format as a picture. */
export const PICTURES = ["image/*", ...SUFFIXES.map((suffix) => `.${suffix}`)].join();
const FILM_SUFFIXES = ["mp4", "m4v", "mov", "webm", "mkv", "avi"];
/** The same with films. */
export const PICTURES_AND_FILMS = [PICTURES, "video/*", ...FILM_SUFFIXES.map((suffix) => `.${suffix}`)].join();
/** As many entries of folders are looked at. */
const MOST_ENTRIES = 20_000;

/** A file with the path below what was dropped. */
export interface Found {
  path: string;
  file: File;
}

export interface Pictures {
  files: File[];
  films: File[];
  /** The folder's name; empty where there is none, or are several. */
  folder: string;
  /** The names of files that are neither pictures nor films. */
  others: string[];
  /** The names of hidden files, such as macOS's companions "._IMG_1.jpg". */
  hidden: string[];
}

const isHidden = (name: string) => name.startsWith(".");

/** Whether a file is a picture, by its name and type; hidden ones are not. */
export function isPicture({ name, type }: { name: string; type: string }): boolean {
  if (isHidden(name)) return false;
  return type.startsWith("image/") || SUFFIXES.includes(name.split(".").pop()!.toLowerCase());
}

/** Whether a file is a film, by its name and type. */
export function isFilm({ name, type }: { name: string; type: string }): boolean {
  if (isHidden(name)) return false;
  return type.startsWith("video/") || FILM_SUFFIXES.includes(name.split(".").pop()!.toLowerCase());
}

/** Whether a GIF has more than one picture (GIF89a, sections 15 to 26). */
export function isMovingGif(data: Uint8Array): boolean {
  const table = (at: number) => (data[at]! & 0x80 ? 3 * 2 ** ((data[at]! & 7) + 1) : 0);
  if (String.fromCharCode(...data.subarray(0, 4)) !== "GIF8") return false;
  let pictures = 0;
  let at = 13 + table(10);
  while (at < data.length && pictures < 2) {
    if (data[at] === 0x21) at += 2;
    else if (data[at] === 0x2c) {
      pictures += 1;
      at += 11 + table(at + 9);
    } else break;
    while (data[at]) at += data[at]! + 1;
    at += 1;
  }
  return pictures > 1;
}

const startsWith = (data: Uint8Array, at: number, text: string) => new TextEncoder().encode(text).every((byte, n) => data[at + n] === byte);

/** Whether a picture has more than one frame: a GIF, PNG, WebP or AVIF, by its first bytes. */
export function moves(data: Uint8Array): boolean {
  if (startsWith(data, 1, "PNG")) {
    // Chunks (PNG, third edition, 11.3.6): acTL comes before the pixels, with the number of frames.
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 8; at + 12 <= data.length && !startsWith(data, at + 4, "IDAT"); at += 12 + view.getUint32(at)) {
      if (startsWith(data, at + 4, "acTL")) return view.getUint32(at + 8) > 1;
    }
    return false;
  }
  if (startsWith(data, 8, "WEBPVP8X")) return (data[20]! & 2) !== 0;
  return startsWith(data, 4, "ftypavis") || isMovingGif(data);
}

/** As much of a picture tells whether it moves; of a GIF, all of it. */
const HEAD = 1 << 20;

export async function isMoving(file: File): Promise<boolean> {
  if (!/(gif|a?png|webp|avif)$/i.test(file.type || file.name)) return false;
  const head = /gif$/i.test(file.type || file.name) ? file : file.slice(0, HEAD);
  return moves(new Uint8Array(await head.arrayBuffer()));
}

/** The pictures and films among files, as people number them: "2.jpg" before "10.jpg". */
export function picturesOf(found: readonly Found[]): Pictures {
  const pictures = found.filter(({ file }) => isPicture(file));
  const films = found.filter(({ file }) => isFilm(file)).map(({ file }) => file);
  const byNumber = new Intl.Collator(undefined, { numeric: true }).compare;
  pictures.sort((a, b) => byNumber(a.path, b.path));
  const folders = new Set(found.map(({ path }) => (path.includes("/") ? path.split("/")[0]! : "")));
  return { files: pictures.map(({ file }) => file), films, folder: folders.size === 1 ? [...folders][0]! : "", ...passedOver(found) };
}

function passedOver(found: readonly Found[]): Pick<Pictures, "others" | "hidden"> {
  const names = found.map(({ file }) => file).filter((file) => !isPicture(file) && !isFilm(file)).map(({ name }) => name);
  return { others: names.filter((name) => !isHidden(name)), hidden: names.filter(isHidden) };
}

/** As many names are told. */
const MOST_NAMES = 4;

/** Names as a list; of many, the first and how many more there are. */
export function namesOf(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return list(names);
  return t`${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more`;
}

/** Files without those whose contents are those of an earlier one, and the names of these. */
export async function distinct(files: readonly File[]): Promise<{ files: File[]; doubles: string[] }> {
  const sizes = new Map<number, number>();
  for (const { size } of files) sizes.set(size, (sizes.get(size) ?? 0) + 1);
  const seen = new Map<string, File[]>();
  const kept: File[] = [];
  const doubles: string[] = [];
  for (const file of files) {
    if (sizes.get(file.size) === 1) {
      kept.push(file);
      continue;
    }
    const key = `${file.size} ${(await middle(file).catch(() => new Uint8Array())).join(" ")}`;
    const alike = seen.get(key) ?? [];
    const same = await Promise.all(alike.map((one) => isSame(one, file).catch(() => false)));
    if (same.includes(true)) doubles.push(file.name);
    else {
      seen.set(key, [...alike, file]);
      kept.push(file);
    }
  }
  return { files: kept, doubles };
}

/** Some bytes by which most files of one size differ. */
async function middle(file: Blob): Promise<Uint8Array> {
  const at = Math.floor(file.size / 2);
  return new Uint8Array(await file.slice(at, at + 32).arrayBuffer());
}

/** Whether two files have the same contents. */
export async function isSame(one: Blob, other: Blob): Promise<boolean> {
  if (one.size !== other.size) return false;
  for (let at = 0; at < one.size; at += HEAD) {
    const [a, b] = await Promise.all([one, other].map(async (file) => new Uint8Array(await file.slice(at, at + HEAD).arrayBuffer())));
    if (!a!.every((byte, n) => byte === b![n])) return false;
  }
  return true;
}

/** The files of a drop, those in folders too. To be called while the drop is handled, as later it is empty. */
export function filesOf(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory)) return Promise.resolve([...transfer.files].map((file) => ({ path: file.name, file })));
  return walked(entries.filter((entry) => entry !== null));
}

/** The files below some entries. */
export async function walked(entries: FileSystemEntry[]): Promise<Found[]> {
  const found: Found[] = [];
  const left = [...entries];
  for (let seen = 0; left.length > 0 && seen < MOST_ENTRIES; seen++) {
    const entry = left.shift()!;
    if (entry.isDirectory && entry.name.startsWith(".")) continue;
    if (entry.isDirectory) left.push(...(await contents(entry as FileSystemDirectoryEntry)));
    else found.push({ path: entry.fullPath.replace(/^\//, ""), file: await fileOf(entry as FileSystemFileEntry) });
  }
  return found;
}

const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));

async function contents(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // Some at a time, and none in the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

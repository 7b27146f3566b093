/** Files of a drop or a choice, whole folders too: the pictures among them, in order, and how many are none. */

const SUFFIXES = ["png", "jpg", "jpeg", "webp", "avif", "tif", "tiff", "heic", "heif", "bmp", "gif", "jfif"];
/** What a file dialog offers: some systems do not know every format as a picture. */
export const PICTURES = ["image/*", ...SUFFIXES.map((suffix) => `.${suffix}`)].join();
/** As many entries of folders are looked at. */
const MOST_ENTRIES = 20_000;

/** A file with the path below what was dropped. */
export interface Found {
  path: string;
  file: File;
}

export interface Pictures {
  files: File[];
  /** The folder's name; empty where there is none, or are several. */
  folder: string;
  /** How many files are no pictures. */
  others: number;
}

/** Whether a file is a picture, by its name and type; hidden ones, such as macOS's companions "._IMG_1.jpg", are not. */
export function isPicture({ name, type }: { name: string; type: string }): boolean {
  if (name.startsWith(".")) return false;
  return type.startsWith("image/") || SUFFIXES.includes(name.split(".").pop()!.toLowerCase());
}

/** The pictures among files, as people number them: "2.jpg" before "10.jpg". */
export function picturesOf(found: readonly Found[]): Pictures {
  const pictures = found.filter(({ file }) => isPicture(file));
  const byNumber = new Intl.Collator(undefined, { numeric: true }).compare;
  pictures.sort((a, b) => byNumber(a.path, b.path));
  const folders = new Set(found.map(({ path }) => (path.includes("/") ? path.split("/")[0]! : "")));
  return { files: pictures.map(({ file }) => file), folder: folders.size === 1 ? [...folders][0]! : "", others: found.length - pictures.length };
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

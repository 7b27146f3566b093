import { expect, test } from "vitest";
import { distinct, isFilm, isMoving, isMovingGif, isPicture, isSame, moves, namesOf, picturesOf, walked } from "../src/dropped";

const file = (path: string, type = "") => ({ path, file: new File([], path.split("/").pop()!, { type }) });

test.each([
  ["cat.jpg", "image/jpeg", true],
  ["CAT.HEIC", "", true],
  ["cat", "image/png", true],
  ["._cat.jpg", "image/jpeg", false],
  [".DS_Store", "", false],
  ["notes.txt", "text/plain", false],
  ["film.mp4", "video/mp4", false],
])("%s of type %j is a picture: %s", (name, type, expected) => {
  expect(isPicture({ name, type })).toBe(expected);
});

test("pictures come as people number them, by folders, and the others are named", () => {
  const found = picturesOf([file("Sea/10.jpg"), file("Sea/2.jpg"), file("Sea/._2.jpg"), file("Sea/b/1.png"), file("Sea/notes.txt")]);
  expect(found.files.map(({ name }) => name)).toEqual(["2.jpg", "10.jpg", "1.png"]);
  expect(found).toMatchObject({ folder: "Sea", others: ["notes.txt"], hidden: ["._2.jpg"] });
});

test("several folders, or none, have no name in common", () => {
  expect(picturesOf([file("a/1.jpg"), file("b/1.jpg")]).folder).toBe("");
  expect(picturesOf([file("1.jpg")]).folder).toBe("");
});

/** A folder as browsers give it: two entries at a time. */
function folder(fullPath: string, entries: FileSystemEntry[]): FileSystemEntry {
  const left = [...entries];
  const createReader = () => ({ readEntries: (give: (some: FileSystemEntry[]) => void) => give(left.splice(0, 2)) });
  return { isDirectory: true, name: fullPath.split("/").pop()!, fullPath, createReader } as unknown as FileSystemEntry;
}

function leaf(fullPath: string): FileSystemEntry {
  const name = fullPath.split("/").pop()!;
  return { isDirectory: false, name, fullPath, file: (give: (file: File) => void) => give(new File([], name)) } as unknown as FileSystemEntry;
}

test("a folder is read whole, with the folders in it but not the hidden ones", async () => {
  const inner = folder("/Sea/b", [leaf("/Sea/b/6.jpg")]);
  const hidden = folder("/Sea/.cache", [leaf("/Sea/.cache/7.jpg")]);
  const found = await walked([folder("/Sea", ["1", "2", "3", "4", "5"].map((n) => leaf(`/Sea/${n}.jpg`)).concat(inner, hidden))]);
  expect(found.map(({ path }) => path).sort()).toEqual(["Sea/1.jpg", "Sea/2.jpg", "Sea/3.jpg", "Sea/4.jpg", "Sea/5.jpg", "Sea/b/6.jpg"]);
});

test.each([
  ["harbour.mp4", "video/mp4", true],
  ["HARBOUR.MKV", "", true],
  ["._harbour.mov", "video/quicktime", false],
  ["cat.jpg", "image/jpeg", false],
])("%s of type %j is a film: %s", (name, type, expected) => {
  expect(isFilm({ name, type })).toBe(expected);
});

test("films are told from pictures and from what is neither", () => {
  const found = picturesOf([file("a.jpg"), file("b.webm"), file("c.txt")]);
  expect([found.files.length, found.films.map(({ name }) => name), found.others]).toEqual([1, ["b.webm"], ["c.txt"]]);
});

test("files that are the same picture are kept once, whatever their names, and the others are named", async () => {
  const [cat, dog, third] = [new File(["cat"], "cat.jpg"), new File(["dog"], "dog.jpg"), new File(["mouse"], "mouse.jpg")];
  const found = await distinct([cat, dog, new File(["cat"], "copy of cat.jpg"), third, new File(["dog"], "dog.jpg")]);
  expect(found).toEqual({ files: [cat, dog, third], doubles: ["copy of cat.jpg", "dog.jpg"] });
});

test("files differ if one byte does, wherever it is", async () => {
  const data = new Uint8Array(3 << 20);
  const other = data.slice();
  other[(2 << 20) + 5] = 1;
  expect(await isSame(new Blob([data]), new Blob([data]))).toBe(true);
  expect(await isSame(new Blob([data]), new Blob([other]))).toBe(false);
  expect((await distinct([new File([data], "a"), new File([other], "b")])).doubles).toEqual([]);
});

test("of many names the first are told, and how many more there are", () => {
  expect(namesOf(["a", "b", "c"])).toBe("a, b, and c");
  expect(namesOf(["a", "b", "c", "d", "e", "f"])).toBe("a, b, c, d and 2 more");
});

/** A GIF of 1 x 1 pixels, with so many pictures, a comment and a table of colours. */
function gif(pictures: number): Uint8Array {
  const comment = [0x21, 0xfe, 2, 0x2c, 0x2c, 0];
  const picture = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
  const head = [...new TextEncoder().encode("GIF89a"), 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
  return new Uint8Array([...head, ...comment, ...Array.from({ length: pictures }, () => picture).flat(), 0x3b]);
}

test.each([[1, false], [2, true], [5, true]])("a GIF of %i pictures moves: %s", (pictures, expected) => {
  expect(isMovingGif(gif(pictures))).toBe(expected);
});

test("what is no GIF, or breaks off, does not move", () => {
  expect(isMovingGif(new Uint8Array())).toBe(false);
  expect(isMovingGif(gif(2).subarray(0, 25))).toBe(false);
});

const bytes = (text: string) => new TextEncoder().encode(text);
const chunk = (name: string, data: number[]) => [0, 0, 0, data.length, ...bytes(name), ...data, 0, 0, 0, 0];

/** A PNG of chunks, as far as its pixels. */
function png(...chunks: number[][]): Uint8Array {
  return new Uint8Array([0x89, ...bytes("PNG\r\n\u001a\n"), ...chunks.flat(), ...chunk("IDAT", [0])]);
}

test.each([
  ["a PNG that moves", png(chunk("IHDR", [1, 2]), chunk("acTL", [0, 0, 0, 2, 0, 0, 0, 0])), true],
  ["a PNG of one frame", png(chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0])), false],
  ["a plain PNG", png(chunk("IHDR", [1, 2])), false],
  ["a PNG that breaks off", png(chunk("IHDR", [1, 2])).subarray(0, 22), false],
  ["a WebP that moves", new Uint8Array([...bytes("RIFF----WEBPVP8X"), 10, 0, 0, 0, 0x12]), true],
  ["an extended WebP", new Uint8Array([...bytes("RIFF----WEBPVP8X"), 10, 0, 0, 0, 0x10]), false],
  ["a plain WebP", new Uint8Array(bytes("RIFF----WEBPVP8 ------")), false],
  ["an AVIF that moves", new Uint8Array([0, 0, 0, 32, ...bytes("ftypavis")]), true],
  ["an AVIF", new Uint8Array([0, 0, 0, 32, ...bytes("ftypavif")]), false],
  ["a GIF that moves", gif(2), true],
  ["nothing", new Uint8Array(), false],
])("%s", (_, data, expected) => {
  expect(moves(data)).toBe(expected);
});

test("a file is looked at by its type or name, and only what may move is read", async () => {
  const data = gif(3) as Uint8Array<ArrayBuffer>;
  expect(await isMoving(new File([data], "a", { type: "image/gif" }))).toBe(true);
  expect(await isMoving(new File([data], "A.GIF"))).toBe(true);
  expect(await isMoving(new File([data], "a.jpg", { type: "image/jpeg" }))).toBe(false);
});

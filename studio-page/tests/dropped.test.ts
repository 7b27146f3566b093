import { expect, test } from "vitest";
import { isPicture, picturesOf, walked } from "../src/dropped";

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

test("pictures come as people number them, by folders, and the others are counted", () => {
  const found = picturesOf([file("Sea/10.jpg"), file("Sea/2.jpg"), file("Sea/._2.jpg"), file("Sea/b/1.png"), file("Sea/notes.txt")]);
  expect(found.files.map(({ name }) => name)).toEqual(["2.jpg", "10.jpg", "1.png"]);
  expect(found).toMatchObject({ folder: "Sea", others: 2 });
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

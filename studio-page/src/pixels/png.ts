/** A PNG file with its recipe inside, where `impasto.imaging` keeps it. */

/** The name that Impasto's metadata goes by in pictures. */
const METADATA_KEY = "impasto";

const HEADER = 33; // the signature and IHDR

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The checksum of PNG's chunks (PNG, third edition, annex D). */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}

/** One chunk: length, four letters, data, checksum (5.3). */
function chunk(kind: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** `png` with `parameters` as JSON in an uncompressed iTXt chunk (11.3.3.4). */
export function withParameters(png: Blob, parameters: unknown): Blob {
  const text = new TextEncoder().encode(`${METADATA_KEY}\0\0\0\0\0${JSON.stringify(parameters)}`);
  return new Blob([png.slice(0, HEADER), chunk("iTXt", text), png.slice(HEADER)], { type: "image/png" });
}

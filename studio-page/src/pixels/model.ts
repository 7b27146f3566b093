/** The gallery network: what its file says of itself, and how a mix of styles is told to it. */

export interface ModelStyle {
  name: string;
  title: string;
  artist: string;
  year: string | number;
  licence: string;
}

/** The name that Impasto's metadata goes by, in networks and in pictures. */
export const METADATA_KEY = "impasto";
const METADATA = 14; // ModelProto.metadata_props (onnx.proto)

/** The entries of `metadata_props`; the browser's runtime does not give them out. */
function readMetadata(file: Uint8Array): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [field, bytes] of fields(file)) {
    if (field !== METADATA) continue;
    let key = "";
    let value = "";
    for (const [part, text] of fields(bytes)) {
      if (part === 1) key = decode(text);
      if (part === 2) value = decode(text);
    }
    entries.set(key, value);
  }
  return entries;
}

export function readStyles(file: Uint8Array): ModelStyle[] {
  const text = readMetadata(file).get(METADATA_KEY);
  if (text === undefined) throw new Error("the gallery network does not say which styles it has");
  const about = JSON.parse(text) as { styles?: ModelStyle[] };
  if (!Array.isArray(about.styles)) throw new Error("the gallery network's list of styles is missing");
  return about.styles;
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The length-delimited fields of a protocol buffer, in order; others are passed over. */
function* fields(bytes: Uint8Array): Generator<[number, Uint8Array]> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("the gallery network's file is cut short");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error("the gallery network's file is cut short");
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
      at += length;
    } else throw new Error("the gallery network's file is not an ONNX file");
  }
}

/**
 * The network's `weights` input. Its first entry is the photograph itself, then fine and coarse strokes
 * of each style in turn. `mix`: name to share, adding up to 1. `strength` 0 to 1, `strokeSize` 0.5 to 1:
 * the scale is logarithmic, half the size is all fine.
 */
export function styleVector(
  styles: readonly { name: string }[],
  mix: readonly { key: string; weight: number }[],
  strength: number,
  strokeSize: number,
): Float32Array<ArrayBuffer> {
  const coarse = Math.min(1, Math.max(0, Math.log2(strokeSize) + 1));
  const vector = new Float32Array(1 + 2 * styles.length);
  vector[0] = 1 - strength;
  for (const { key, weight } of mix) {
    const index = styles.findIndex((style) => style.name === key);
    if (index < 0) throw new Error(`${key} is not in the gallery network`);
    vector[1 + 2 * index]! += strength * weight * (1 - coarse);
    vector[2 + 2 * index]! += strength * weight * coarse;
  }
  return vector;
}

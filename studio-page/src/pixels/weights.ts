/** The numbers of the network for any painting in its ONNX file, and as styles change them. */

/** What is added to the numbers of each tensor for a style. */
export type Changes = ReadonlyMap<string, Float32Array>;

interface Place {
  start: number;
  length: number;
}

/** No change, of four bits. */
const ZERO = 8;

/** The change of a filter: `packed` two to a byte, the first in the lower half, in steps of the output channel. */
export function unpacked(packed: Uint8Array, steps: Float32Array): Float32Array {
  // An odd number of them leaves half a byte.
  const each = Math.floor((2 * packed.length) / steps.length);
  return Float32Array.from({ length: each * steps.length }, (_, k) => {
    const byte = packed[k >> 1]!;
    return ((k & 1 ? byte >> 4 : byte & 15) - ZERO) * steps[Math.floor(k / each)]!;
  });
}

/** A copy of the network in `file`, float32 where it is changed: each style's changes count by its share. */
export function changed(file: ArrayBuffer, styles: readonly { changes: Changes; share: number }[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(file.slice(0));
  const view = new DataView(copy.buffer);
  const places = numbersIn(copy);
  for (const { changes, share } of styles) {
    for (const [name, change] of changes) {
      const place = places.get(name);
      if (place?.length !== 4 * change.length) throw new Error(`the network has no ${name} of ${change.length} numbers`);
      change.forEach((value, k) => {
        const at = place.start + 4 * k;
        view.setFloat32(at, view.getFloat32(at, true) + share * value, true);
      });
    }
  }
  return copy;
}

/** Fields of onnx.proto. */
const GRAPH = 7;
const INITIALIZER = 5;
const NAME = 8;
const RAW_DATA = 9;

/** Where in an ONNX file the numbers of each tensor lie. */
export function numbersIn(file: Uint8Array): Map<string, Place> {
  const found = new Map<string, Place>();
  const text = new TextDecoder();
  for (const graph of fields(file, { start: 0, length: file.length }, GRAPH)) {
    for (const tensor of fields(file, graph, INITIALIZER)) {
      const [name] = [...fields(file, tensor, NAME)];
      const [numbers] = [...fields(file, tensor, RAW_DATA)];
      if (name && numbers) found.set(text.decode(file.subarray(name.start, name.start + name.length)), numbers);
    }
  }
  return found;
}

/** The fields called `wanted` of a message of Protocol Buffers that have a length. */
function* fields(file: Uint8Array, message: Place, wanted: number): Generator<Place> {
  let at = message.start;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = file[at++];
      if (byte === undefined) throw new Error("the network's file is cut short");
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const end = message.start + message.length;
  while (at < end) {
    const tag = number();
    const kind = tag % 8;
    if (kind === 2) {
      const length = number();
      if (Math.floor(tag / 8) === wanted) yield { start: at, length };
      at += length;
    } else if (kind === 0) number();
    else at += kind === 1 ? 8 : 4;
  }
}

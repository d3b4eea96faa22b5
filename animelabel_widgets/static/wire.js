// Jupyter messages as the binary websocket protocol v1.kernel.websocket.jupyter.org has them.

export const PROTOCOL = "v1.kernel.websocket.jupyter.org";

/**
 * @typedef {object} Message
 * @property {string} channel
 * @property {any} header
 * @property {any} parent
 * @property {any} metadata
 * @property {any} content
 * @property {DataView[]} buffers
 */

/**
 * @param {Message} message
 * @returns {ArrayBuffer} count and offsets (64 bits each, little end first), channel, parts
 */
export function encodeMessage({ channel, header, parent, metadata, content, buffers }) {
  const text = new TextEncoder();
  const parts = [
    text.encode(channel),
    ...[header, parent, metadata, content].map((part) => text.encode(JSON.stringify(part))),
    ...buffers.map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)),
  ];
  let place = 8 * (parts.length + 2);
  const whole = new Uint8Array(place + parts.reduce((sum, part) => sum + part.length, 0));
  const numbers = new DataView(whole.buffer);
  numbers.setBigUint64(0, BigInt(parts.length + 1), true);
  parts.forEach((part, index) => {
    numbers.setBigUint64(8 * (index + 1), BigInt(place), true);
    whole.set(part, place);
    place += part.length;
  });
  numbers.setBigUint64(8 * (parts.length + 1), BigInt(place), true);
  return whole.buffer;
}

/** @param {ArrayBuffer} data @returns {Message} */
export function decodeMessage(data) {
  const numbers = new DataView(data);
  const count = Number(numbers.getBigUint64(0, true));
  const offsets = Array.from({ length: count }, (_, index) =>
    Number(numbers.getBigUint64(8 * (index + 1), true)),
  );
  const part = (/** @type {number} */ index) =>
    new DataView(data, offsets[index], offsets[index + 1] - offsets[index]);
  const text = new TextDecoder();
  const json = (/** @type {number} */ index) => JSON.parse(text.decode(part(index)));
  return {
    channel: text.decode(part(0)),
    header: json(1),
    parent: json(2),
    metadata: json(3),
    content: json(4),
    buffers: offsets.slice(5, -1).map((_, index) => part(index + 5)),
  };
}

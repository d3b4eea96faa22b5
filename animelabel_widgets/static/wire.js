// Jupyter messages as the binary websocket protocol v1.kernel.websocket.jupyter.org has them, and
// as servers and proxies take them that do without it: JSON, before the buffers where it has any.

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

/**
 * @param {Message} message
 * @returns {string | ArrayBuffer} JSON; with buffers: count and offsets (32 bits each, big end
 *   first), JSON, buffers
 */
export function encodeJson({ channel, header, parent, metadata, content, buffers }) {
  const json = JSON.stringify({
    ...{ channel, header, metadata, content },
    ...{ parent_header: parent, buffers: [] },
  });
  if (buffers.length === 0) return json;
  const parts = [
    new TextEncoder().encode(json),
    ...buffers.map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)),
  ];
  let place = 4 * (parts.length + 1);
  const whole = new Uint8Array(place + parts.reduce((sum, part) => sum + part.length, 0));
  const numbers = new DataView(whole.buffer);
  numbers.setUint32(0, parts.length);
  parts.forEach((part, index) => {
    numbers.setUint32(4 * (index + 1), place);
    whole.set(part, place);
    place += part.length;
  });
  return whole.buffer;
}

/** @param {string | ArrayBuffer} data @returns {Message} */
export function decodeJson(data) {
  if (typeof data === "string") return fromJson(data, []);
  const numbers = new DataView(data);
  const offsets = Array.from({ length: numbers.getUint32(0) }, (_, index) =>
    numbers.getUint32(4 * (index + 1)),
  );
  const [json, ...buffers] = offsets.map(
    (start, index) => new DataView(data, start, (offsets[index + 1] ?? data.byteLength) - start),
  );
  return fromJson(new TextDecoder().decode(json), buffers);
}

/** @param {string} json @param {DataView[]} buffers @returns {Message} */
function fromJson(json, buffers) {
  const { channel, header, parent_header: parent, metadata, content } = JSON.parse(json);
  return { channel, header, parent, metadata, content, buffers };
}

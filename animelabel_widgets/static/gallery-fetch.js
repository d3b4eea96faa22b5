// Fetching what a gallery shows: words in chunks, thumbnails a few at a time, of what is in sight.

import { pictureUrl } from "./dom.js";

export const CHUNK = 60;
export const BUNCH = 6;
/** How long a reply may take, in milliseconds. */
export const PATIENCE = 30_000;
/** How long what failed waits until it is asked for again, in milliseconds. */
export const PAUSE = 3_000;
export const SILENT = "The kernel does not answer. Run this cell again.";

const KEPT_CHUNKS = 50;
const KEPT_PICTURES = 600;
const AT_ONCE = 3;

/**
 * @param {{request: (message: object, patience: number) => Promise<import("./link.js").Reply>}} link
 * @param {import("./link.js").Clock} clock
 * @param {number} side of a thumbnail, in pixels
 * @param {(came: boolean) => void} onNews true where something came, false where it is time to ask again
 * @param {(message: string) => void} onTrouble
 */
export function openFetcher(link, clock, side, onNews, onTrouble) {
  /** @type {Map<number, {rows: any[], reading: number}>} */
  const chunks = new Map();
  /** @type {Map<number, {url: string, said: string}>} */
  const pictures = new Map();
  /** @type {Set<string>} what was asked for, or failed a short while ago */
  const asked = new Set();
  /** @type {Set<any>} */
  const pauses = new Set();
  /** @type {Set<number>} */
  let sight = new Set();
  let version = 0;
  /** Chunks of a former reading are read again when they are looked at. */
  let reading = 0;
  let flying = { words: 0, pictures: 0 };

  /** @param {string[]} keys */
  const free = (keys) => keys.forEach((key) => asked.delete(key));

  /**
   * @param {"words"|"pictures"} lane @param {string[]} keys @param {any} message
   * @param {(content: any, buffers: DataView[]) => void} take
   */
  async function send(lane, keys, message, take) {
    const mine = flying;
    mine[lane] += 1;
    for (const key of keys) asked.add(key);
    let trouble = SILENT;
    try {
      const { content, buffers } = await link.request({ ...message, version }, PATIENCE);
      if (mine !== flying) return;
      trouble = content.kind === "error" ? content.message : "";
      if (content.kind === message.kind) {
        take(content, buffers);
        free(keys);
        mine[lane] -= 1;
        onNews(true);
        return;
      }
    } catch {
      if (mine !== flying) return;
    }
    // Of rows in a former order nothing need be said: the new order is on its way.
    if (trouble) onTrouble(trouble);
    mine[lane] -= 1;
    const pause = clock.setTimeout(() => {
      pauses.delete(pause);
      free(keys);
      onNews(false);
    }, PAUSE);
    pauses.add(pause);
  }

  /** @param {number} number */
  function askWords(number) {
    const now = reading;
    send("words", [`words ${number}`], { kind: "rows", first: number * CHUNK, count: CHUNK }, (content) => {
      chunks.set(number, { rows: content.rows, reading: now });
      if (chunks.size > KEPT_CHUNKS) chunks.delete(chunks.keys().next().value ?? -1);
    });
  }

  /** @param {number[]} rows */
  function askPictures(rows) {
    const keys = rows.map((row) => `picture ${row}`);
    send("pictures", keys, { kind: "thumbnails", rows, side }, (content, buffers) => {
      content.pictures.forEach((/** @type {number|string} */ each, /** @type {number} */ n) => {
        const url = typeof each === "number" ? pictureUrl(buffers[each]) : "";
        pictures.set(rows[n], { url, said: String(each) });
      });
      for (const [row, { url }] of pictures) {
        if (pictures.size <= KEPT_PICTURES) break;
        if (sight.has(row)) continue;
        if (url) URL.revokeObjectURL(url);
        pictures.delete(row);
      }
    });
  }

  return {
    /** @param {number} row @returns {any} */
    words: (row) => chunks.get(Math.floor(row / CHUNK))?.rows[row % CHUNK],
    /** @param {number} row */
    picture: (row) => pictures.get(row),
    /** @param {number[]} rows what is in sight; what has scrolled away is not asked for */
    look(rows) {
      sight = new Set(rows);
      for (const number of new Set(rows.map((row) => Math.floor(row / CHUNK)))) {
        if (chunks.get(number)?.reading === reading || asked.has(`words ${number}`)) continue;
        if (flying.words < AT_ONCE) askWords(number);
      }
      const waiting = rows.filter((row) => !pictures.has(row) && !asked.has(`picture ${row}`));
      while (waiting.length && flying.pictures < AT_ONCE) askPictures(waiting.splice(0, BUNCH));
    },
    /** The words are no longer true: they are read again, and shown until then. */
    reread() {
      reading += 1;
    },
    /** @param {number} next the order of the rows from now on; what is known of another is forgotten */
    forget(next) {
      version = next;
      flying = { words: 0, pictures: 0 };
      for (const { url } of pictures.values()) if (url) URL.revokeObjectURL(url);
      for (const pause of pauses) clock.clearTimeout(pause);
      for (const each of [chunks, pictures, asked, pauses]) each.clear();
    },
  };
}

// The browser's storage: validated when read, replaced by memory where it is blocked.

/**
 * @typedef {object} Box
 * @property {(key: string) => ?string} get
 * @property {(key: string, value: string) => void} set
 * @property {(key: string) => void} remove
 * @property {() => string[]} keys
 * @property {(key: string) => boolean} keeps whether the storage itself has it
 * @property {() => boolean} lasts whether all of it outlives the page
 */

/**
 * Wrap a Storage so that nothing throws: a private window may block or fill it.
 * @param {() => Storage} find gives the storage; may throw
 * @param {string} prefix of this campaign's keys
 * @returns {Box}
 */
export function openBox(find, prefix) {
  /** @type {?Storage} */
  let storage = null;
  try {
    storage = find();
    // A full one can still be read.
    storage.getItem(prefix);
  } catch {
    storage = null;
  }
  /** @type {Map<string, string>} */
  const memory = new Map();
  return {
    get: (key) => memory.get(key) ?? storage?.getItem(prefix + key) ?? null,
    set(key, value) {
      try {
        if (!storage) throw new Error("no storage");
        storage.setItem(prefix + key, value);
        memory.delete(key);
      } catch {
        memory.set(key, value);
      }
    },
    remove(key) {
      memory.delete(key);
      storage?.removeItem(prefix + key);
    },
    keys() {
      const found = new Set(memory.keys());
      for (let place = 0; place < (storage?.length ?? 0); place += 1) {
        const key = storage?.key(place);
        if (key?.startsWith(prefix)) found.add(key.slice(prefix.length));
      }
      return [...found];
    },
    keeps: (key) => storage !== null && !memory.has(key),
    lasts: () => storage !== null && memory.size === 0,
  };
}

/**
 * Read JSON from a box; what cannot be read or does not fit is removed.
 * @template T
 * @param {Box} box @param {string} key @param {(value: any) => boolean} fits
 * @returns {?T}
 */
export function readJson(box, key, fits) {
  const text = box.get(key);
  if (text === null) return null;
  try {
    const value = JSON.parse(text);
    if (fits(value)) return value;
  } catch {
    // Falls through: what is not JSON does not fit either.
  }
  box.remove(key);
  return null;
}

/**
 * Give this browser's volunteer token, made at the first visit.
 * @param {Box} box
 * @returns {string} 32 hexadecimal digits
 */
export function volunteerToken(box) {
  const known = box.get("token");
  if (known && /^[0-9a-f]{32}$/.test(known)) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const token = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  box.set("token", token);
  return token;
}

// The words of the page: one catalogue, the browser's language first, and switchable.

/** What is spoken where no other language fits. */
export const FALLBACK = "en";

/** @typedef {Object<string, Object<string, string>>} Catalogue by language, then by key */

/**
 * Choose a language of the catalogue.
 * @param {Catalogue} catalogue
 * @param {readonly string[]} wished what the browser prefers, best first, as in "ja-JP"
 * @param {?string} saved what the volunteer chose before
 * @returns {string}
 */
export function chosenLanguage(catalogue, wished, saved) {
  const known = [saved ?? "", ...wished.map((tag) => tag.toLowerCase().split("-")[0])];
  return known.find((language) => Object.hasOwn(catalogue, language)) ?? FALLBACK;
}

/**
 * @param {Catalogue} catalogue
 * @param {string} language
 */
export function openWords(catalogue, language) {
  let current = language;
  /** @type {(() => void)[]} */
  const bound = [];

  /** @param {string} key @param {Object<string, string|number>} [values] for {names} in the text */
  const say = (key, values = {}) => {
    const text = catalogue[current]?.[key] ?? catalogue[FALLBACK]?.[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name] ?? "";
      return typeof value === "number" ? value.toLocaleString(current) : value;
    });
  };

  return {
    say,
    language: () => current,
    /** @returns {[string, string][]} each language with its own name */
    languages: () => Object.entries(catalogue).map(([tag, words]) => [tag, words.language]),
    /**
     * Keep an element's text, or one of its attributes, in the language of the page.
     * @template {Element} T
     * @param {T} node @param {string} key @param {string} [attribute]
     * @returns {T}
     */
    bind(node, key, attribute) {
      const apply = () => {
        if (attribute) node.setAttribute(attribute, say(key));
        else node.textContent = say(key);
      };
      bound.push(apply);
      apply();
      return node;
    },
    /** @param {string} chosen */
    speak(chosen) {
      current = chosen;
      for (const apply of bound) apply();
    },
    /** @param {Object<string, string>} texts by language; "" is for all @returns {?string} */
    pick: (texts) => texts[current] ?? texts[""] ?? texts[FALLBACK] ?? null,
  };
}

// Making elements without strings of HTML.

/**
 * @param {string} tag
 * @param {Object<string, string>} attributes
 * @param {(Node|string)[]} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * @param {string} path the data of an SVG path on a 24 × 24 grid
 * @param {string} [look] another class
 * @returns {SVGElement}
 */
export function icon(path, look = "") {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `al-icon ${look}`);
  const shape = document.createElementNS(namespace, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/**
 * @param {KeyboardEvent} event
 * @returns {boolean} whether Enter is held on a button: a browser would press it again and again
 */
export function isHeldEnter(event) {
  return event.repeat && event.key === "Enter" && /** @type {?Element} */ (event.target)?.localName === "button";
}

/**
 * @param {DataView} jpeg
 * @returns {string} the address of a picture in this browser
 */
export function pictureUrl(jpeg) {
  return URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" }));
}

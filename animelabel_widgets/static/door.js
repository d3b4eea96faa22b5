// The published page's own script: asks for a place, waits for one, and shows the widget.

import { openModel } from "./kernel.js";

const ADDRESS = new URL(".", location.href);
/** How long the server may take to give a place, in milliseconds. */
const PATIENCE = 60_000;
/** After so many milliseconds the page is loaded anew, where a part of it could not be had. */
const LOADED_ANEW = 20_000;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @returns {string} 32 random digits of base 16 */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** @returns {Object<string, string>} the page's few words, in the language of the browser */
function doorWords() {
  const catalogue = JSON.parse(byId("al-words").textContent ?? "{}");
  const wanted = navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in catalogue);
  return catalogue[wanted ?? "en"];
}

/** @param {string} text */
function sayAtDoor(text) {
  byId("al-door").textContent = text;
}

/** @param {number} delay milliseconds */
const rest = (delay) => new Promise((resolve) => setTimeout(resolve, delay));

/** Whether another process than the former one may give a place. */
let free = false;

/** @param {?string} kernel of this page, where it had one @returns {Promise<any>} */
async function visit(kernel) {
  const reply = await fetch(new URL(free ? "visit?free" : "visit", ADDRESS), {
    method: "POST",
    // Older browsers wait as long as it takes.
    signal: AbortSignal.timeout?.(PATIENCE),
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ kernel }),
  });
  const place = { status: reply.status, ...(await reply.json()) };
  free = place.free === true;
  return place;
}

/** Wait for a place, as long as it takes. @returns {Promise<any>} */
async function firstPlace() {
  const words = doorWords();
  for (;;) {
    let wait = 3_000;
    try {
      const reply = await visit(null);
      if (reply.status === 200) return reply;
      wait = reply.wait_ms ?? wait;
      sayAtDoor(reply.code === "full" ? words.full.replace("{count}", reply.ahead) : words.break);
    } catch {
      sayAtDoor(words.offline);
    }
    await rest(wait);
  }
}

/**
 * Load what the widget is made of while the server prepares the visit, and not before that is asked
 * for: it takes the connection that is open, and is what everything else waits for.
 */
function loadAhead() {
  for (const link of document.head.querySelectorAll("link[data-rel]")) {
    // One that did not come is asked for again when it is needed.
    link.addEventListener("error", () => link.remove());
    link.setAttribute("rel", link.getAttribute("data-rel") ?? "");
  }
}

/** @param {string} address of a style sheet @returns {Promise<void>} settles once it holds, or cannot */
function styled(address) {
  let link = document.head.querySelector(`link[rel=stylesheet][href$="${address}"]`);
  if (!link) {
    link = document.createElement("link");
    link.setAttribute("rel", "stylesheet");
    link.setAttribute("href", String(new URL(address, ADDRESS)));
    document.head.append(link);
  }
  const { sheet } = /** @type {HTMLLinkElement} */ (link);
  if (sheet) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ["load", "error"]) link.addEventListener(event, () => resolve());
  });
}

/** @param {any} place @returns {Promise<any>} the widget's module, once its style is there too */
async function widgetOf(place) {
  const { _esm: code, _css: style } = place.texts;
  const [module] = await Promise.all([import(String(new URL(code, ADDRESS))), style && styled(style)]);
  return module.default;
}

async function main() {
  const coming = firstPlace();
  loadAhead();
  const place = await coming;
  // The websocket opens while the widget still loads.
  const model = openModel({
    place,
    newId: randomId,
    clock: {
      setTimeout: (work, delay) => setTimeout(work, delay),
      clearTimeout: (timer) => clearTimeout(timer),
    },
    now: () => performance.now(),
    async enter() {
      const reply = await visit(model.kernel());
      if (reply.status !== 200) throw Object.assign(new Error(reply.code), { wait: reply.wait_ms });
      return reply;
    },
    connect(kernel, protocol) {
      const address = new URL(`api/kernels/${kernel}/channels?session_id=${randomId()}`, ADDRESS);
      address.protocol = address.protocol.replace("http", "ws");
      return new WebSocket(address, [protocol]);
    },
  });
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) navigator.sendBeacon(new URL("leave", ADDRESS), model.kernel());
  });
  const widget = await widgetOf(place);
  const room = byId("al-room");
  room.replaceChildren();
  widget.render({ model, el: room });
  sayAtDoor("");
  byId("al-shell").remove();
}

main().catch(async () => {
  sayAtDoor(doorWords().break);
  // A page that is loaded where the server does not answer would be gone.
  for (let served = false; !served; ) {
    await rest(LOADED_ANEW);
    served = await fetch(ADDRESS, { cache: "no-store" }).then((reply) => reply.ok, () => false);
  }
  location.reload();
});

export default { main };

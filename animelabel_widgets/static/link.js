// Request and reply over a widget's comm: each message gets one reply with the same id.

/** How long a reply may take that brings a picture or counts something, in milliseconds. */
export const FETCH_PATIENCE = 20_000;

/** Why a request failed without a reply. */
export class LinkError extends Error {}

/**
 * @typedef {object} Clock
 * @property {(work: () => void, delay: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @typedef {object} Model
 * @property {(content: object) => void} send
 * @property {(event: string, handler: Function) => void} on
 * @property {(event: string, handler: Function) => void} off
 * @typedef {{content: any, buffers: DataView[]}} Reply
 */

/**
 * @param {Model} model
 * @param {Clock} clock
 * @param {() => number} random 0 to 1; two views of one widget must not share ids
 */
export function openLink(model, clock, random) {
  let next = Math.floor(random() * 2 ** 30);
  /** @type {Map<number, {resolve: (reply: Reply) => void, reject: (e: Error) => void, timer: any}>} */
  const waiting = new Map();

  /** @param {any} content @param {DataView[]} buffers */
  const receive = (content, buffers) => {
    const request = waiting.get(content?.id);
    if (!request) return;
    waiting.delete(content.id);
    clock.clearTimeout(request.timer);
    request.resolve({ content, buffers: buffers ?? [] });
  };
  model.on("msg:custom", receive);

  /** The connection broke: nothing that was asked will be answered. */
  const fail = () => {
    for (const { timer, reject } of waiting.values()) {
      clock.clearTimeout(timer);
      reject(new LinkError("the connection broke"));
    }
    waiting.clear();
  };
  model.on("closed", fail);

  return {
    /**
     * @param {object} message without its id
     * @param {number} patience milliseconds
     * @returns {Promise<Reply>} rejected with a LinkError where no reply came
     */
    request(message, patience) {
      const id = next;
      next += 1;
      return new Promise((resolve, reject) => {
        const timer = clock.setTimeout(() => {
          waiting.delete(id);
          reject(new LinkError("no reply"));
        }, patience);
        waiting.set(id, { resolve, reject, timer });
        try {
          model.send({ ...message, id });
        } catch {
          waiting.delete(id);
          clock.clearTimeout(timer);
          reject(new LinkError("cannot send"));
        }
      });
    },
    close() {
      model.off("msg:custom", receive);
      model.off("closed", fail);
      for (const { timer } of waiting.values()) clock.clearTimeout(timer);
      waiting.clear();
    },
  };
}

// How it stands, said to the volunteer: what is saved, what was rated, and what to do.

import { isMilestone } from "./board.js";
import { FETCH_PATIENCE } from "./link.js";

const COUNTED_EVERY = 10;
/** A longer wait is told as the time of day, in milliseconds. */
const LONG_WAIT = 90_000;
const MINUTE = 60_000;

/**
 * @typedef {object} Visiting
 * @property {import("./visit.js").Trouble} trouble
 * @property {number} wait milliseconds in which nothing is asked
 * @property {boolean} greeted
 * @property {boolean} finished
 * @property {boolean} shown
 * @param {object} options
 * @param {ReturnType<typeof import("./view.js").createView>} options.view
 * @param {ReturnType<typeof import("./words.js").openWords>} options.words
 * @param {{request: (message: object, patience: number) => Promise<any>}} options.link
 * @param {import("./storage.js").Box} options.lasting
 * @param {boolean} options.app whether the widget is the whole page
 * @param {() => {pending: number, full: boolean}} options.mail what is not saved yet
 * @param {() => Visiting} options.visit
 * @param {() => number} options.now milliseconds since 1970
 */
export function openStanding({ view, words, link, lasting, app, mail, visit, now }) {
  const { say } = words;
  let closed = false;
  /** @type {?string} what is said until the next picture */
  let notice = null;
  /** @type {?number} of the project */
  let percent = null;

  const rated = () => Number.parseInt(lasting.get("rated") ?? "0", 10) || 0;

  const facts = () => {
    if (closed) return;
    const { pending, full } = mail();
    const { trouble } = visit();
    const away = trouble === "offline" || trouble === "lost";
    const unsent = trouble === "slow" ? "waiting" : "sending";
    const state = full ? "full" : away ? "offline" : pending > 0 ? unsent : "saved";
    view.link(say(`outbox.${state}`, { count: pending }), state);
    view.count(rated() === 0 ? "" : say("count.rated", { count: rated() }), pending);
    if (percent !== null) view.progress(say("count.project", { percent }), percent);
  };

  /** @param {number} wait @param {boolean} greeted @returns {string} when to go on */
  const slow = (wait, greeted) => {
    if (wait <= LONG_WAIT) {
      const seconds = Math.ceil(wait / 1000);
      return say(greeted ? "slow.seconds" : "crowded.seconds", { seconds });
    }
    // The minute in which all of it is over.
    const end = new Date(Math.ceil((now() + wait) / MINUTE) * MINUTE);
    const form = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit" });
    const time = end.toLocaleTimeString(words.language(), form);
    return say(greeted ? "slow.time" : "crowded.time", { time });
  };

  const show = () => {
    if (closed) return;
    const { trouble, wait, greeted, finished, shown } = visit();
    const calm = shown ? "ready" : finished ? "finished" : "loading";
    const problem = mail().full ? "full" : trouble === "lost" ? (app ? "offline" : "gone") : trouble;
    view.state(problem ? "trouble" : calm);
    if (problem === "slow") view.say(slow(wait, greeted), "trouble");
    else if (problem) view.say(say(`status.${problem}`), "trouble");
    else if (notice) view.say(notice, "cheer");
    else view.say({ ready: say("status.hint"), finished: say("status.finished"), loading: "" }[calm]);
    facts();
  };

  /** Ask how far the project is, and how much this volunteer has rated elsewhere. */
  const countProject = async () => {
    try {
      const { content } = await link.request({ kind: "progress" }, FETCH_PATIENCE);
      if (content.kind !== "progress") return;
      percent = Math.floor(content.share * 100);
      if (content.own > rated()) lasting.set("rated", String(content.own));
      facts();
    } catch {
      // It only informs: the next time will do.
    }
  };

  /** @param {string} key @param {Object<string, string|number>} [values] */
  const notify = (key, values) => {
    notice = say(key, values);
    show();
  };

  return {
    facts,
    show,
    countProject,
    notify,
    /** The volunteer goes on: what was said is old. */
    forget() {
      notice = null;
    },
    /** One more picture is rated. */
    count() {
      lasting.set("rated", String(rated() + 1));
      if (isMilestone(rated())) notify("milestone", { count: rated() });
      if (rated() % COUNTED_EVERY === 0) countProject();
    },
    /** @returns {string[]} what is said at the end */
    end: () => [
      say("end.everything"),
      ...(percent === null ? [] : [say("end.own", { count: rated(), percent })]),
    ],
    close() {
      closed = true;
    },
  };
}

// The labeler: joins the queue, the outbox and the view of one page.

import { openAlbum } from "./album.js";
import { openLink } from "./link.js";
import { openOutbox } from "./outbox.js";
import {
  active,
  add,
  advance,
  canGoBack,
  changeItem,
  emptyQueue,
  goBack,
  needs,
  resumed,
  sameAnswer,
  toResume,
  toggled,
} from "./queue.js";
import { openBox, readJson, volunteerToken } from "./storage.js";
import { createView, keyAction } from "./view.js";

const FETCH_PATIENCE = 20_000;
const RETRY = 3_000;
const LOOK_AGAIN = 60_000;
const RELOAD_GUARD = 60_000;
const SILENT_LIMIT = 2;
const DAY_MS = 86_400_000;

const HINT = "Press all that you see, then Next. None of these? Just Next.";
const OFFLINE = "No connection – your answers are kept and sent later.";
const UNSAVED = "Not saved yet – trying again.";

/** The server answered that it cannot give what was asked. */
class Refusal extends Error {}

/** @param {any} value @returns {boolean} */
function isList(value) {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** Tell phones to use their own width; Voilà's page may not say so. */
function fitScreen() {
  if (document.querySelector('meta[name="viewport"]')) return;
  const meta = document.createElement("meta");
  meta.name = "viewport";
  meta.content = "width=device-width, initial-scale=1, viewport-fit=cover";
  document.head.append(meta);
}

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} what ends it */
function render({ model, el }) {
  const labels = model.get("labels");
  const exclusive = model.get("exclusive");
  const app = model.get("app");
  const prefix = `animelabel.${model.get("campaign")}.`;
  const lasting = openBox(() => localStorage, prefix);
  const ofTab = openBox(() => sessionStorage, prefix);
  const clock = {
    setTimeout: (work, delay) => setTimeout(work, delay),
    clearTimeout: (timer) => clearTimeout(timer),
  };
  const link = openLink(model, clock, Math.random);
  const album = openAlbum(Object.fromEntries(labels.map((label) => [label.key, false])));

  let queue = emptyQueue();
  let greeted = false;
  let fetching = false;
  let closed = false;
  let silent = 0; // requests in a row without a reply
  let shownAt = 0;
  let shown = "";
  /** @type {any} */
  let retry = null;

  const view = createView(labels, app, {
    toggle: press,
    next,
    back,
    again: lookAgain,
  });
  const outbox = openOutbox({
    box: lasting,
    link,
    clock,
    hello,
    onChange: showCount,
    onRevision(assignment, revision) {
      queue = changeItem(queue, assignment, { revision });
    },
    onEvent(event) {
      if (event === "silent") return heardNothing();
      silent = 0;
      if (event === "waiting") view.say(UNSAVED, true);
      else if (event === "dropped") view.say("One answer was no longer needed. Thank you!");
      else if (active(queue)) view.say(HINT);
    },
  });

  /** @returns {number} how many this browser has rated */
  function rated() {
    return Number.parseInt(lasting.get("rated") ?? "0", 10) || 0;
  }

  function showCount() {
    view.count(rated(), outbox.pending());
  }

  /** Nobody answers: say so, and after a while begin anew, since a new kernel knows nothing. */
  function heardNothing() {
    silent += 1;
    view.say(OFFLINE, true);
    view.state("trouble");
    if (silent < SILENT_LIMIT) return;
    const last = Number(ofTab.get("reloaded") ?? 0);
    if (app && Date.now() - last > RELOAD_GUARD) {
      ofTab.set("reloaded", String(Date.now()));
      location.reload();
    } else if (!app) {
      view.say("The kernel does not answer. Run this cell again: your answers are kept.", true);
    }
  }

  async function hello() {
    const resume = readJson(ofTab, "queue", isList) ?? [];
    const message = { kind: "hello", token: volunteerToken(lasting), resume };
    const { content, buffers } = await link.request(message, FETCH_PATIENCE);
    if (content.kind !== "welcome") throw new Refusal(content.message);
    if (!greeted) {
      greeted = true;
      queue = resumed(album.takeAll(content.tasks, buffers));
    }
  }

  /** Say hello first, then ask for pictures as long as some are needed. */
  async function pump() {
    if (fetching || closed) return;
    fetching = true;
    try {
      if (!greeted) {
        await hello();
        outbox.flush();
        show();
      }
      for (let count = needs(queue); count > 0 && !closed; count = needs(queue)) {
        const { content, buffers } = await link.request({ kind: "fetch", count }, FETCH_PATIENCE);
        if (content.code === "no-hello") await hello();
        else if (content.kind !== "tasks") throw new Refusal(content.message);
        else takeTasks(content, buffers);
      }
    } catch (error) {
      if (closed) return;
      if (error instanceof Refusal) {
        view.say(error.message, true);
        view.state("trouble");
      } else {
        heardNothing();
      }
      repeat(RETRY);
    } finally {
      fetching = false;
    }
  }

  /** @param {any} content @param {DataView[]} buffers */
  function takeTasks(content, buffers) {
    silent = 0;
    queue = { ...add(queue, album.takeAll(content.tasks, buffers)), finished: content.finished };
    if (queue.finished) repeat(LOOK_AGAIN);
    show();
  }

  /** @param {number} delay after which the server is asked again */
  function repeat(delay) {
    clock.clearTimeout(retry);
    retry = clock.setTimeout(lookAgain, delay);
  }

  function lookAgain() {
    queue = { ...queue, finished: false };
    pump();
  }

  /** Paint what the queue says. */
  function show() {
    const item = active(queue);
    // Before hello, the storage still has what the last page showed.
    if (greeted) ofTab.set("queue", JSON.stringify(toResume(queue)));
    view.allowBack(canGoBack(queue));
    showCount();
    if (item) {
      view.state("ready");
      view.showPicture(item.title, album.image(item.assignment));
      view.showAnswer(item.answer);
      if (shown !== item.assignment) shownAt = performance.now();
      shown = item.assignment;
      if (silent === 0) view.say(HINT);
      return;
    }
    shown = "";
    if (queue.finished) {
      view.state("finished");
      view.showMessage(
        "Thank you!",
        "You have seen every picture that needs you for now. Come back later: more may follow.",
        "Look for more",
      );
      view.say("");
    } else {
      view.state("loading");
      view.showLoading();
    }
  }

  /** @param {string} key */
  function press(key) {
    const item = active(queue);
    if (!item) return;
    const answer = toggled(item.answer, key, exclusive);
    queue = changeItem(queue, item.assignment, { answer });
    view.showAnswer(answer);
  }

  function next() {
    const item = active(queue);
    if (!item) return;
    if (!sameAnswer(item.answer, item.said)) {
      const revision = item.revision + 1;
      const elapsed = Math.round(performance.now() - shownAt);
      if (item.said === null) lasting.set("rated", String(rated() + 1));
      outbox.put({
        assignment: item.assignment,
        answer: item.answer,
        revision,
        elapsed_ms: Math.min(Math.max(elapsed, 0), DAY_MS),
      });
      queue = changeItem(queue, item.assignment, { said: item.answer, revision });
    }
    const moved = advance(queue);
    queue = moved.queue;
    moved.dropped.forEach(album.forget);
    show();
    pump();
  }

  function back() {
    queue = goBack(queue);
    show();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const meant = keyAction(event, labels);
    if (!meant) return;
    event.preventDefault();
    event.stopPropagation();
    if (meant.action === "toggle") press(meant.key);
    else if (meant.action === "next") next();
    else back();
  }

  const keys = app ? document : view.root;
  keys.addEventListener("keydown", onKey);
  if (app) {
    fitScreen();
    document.title = "What does this picture show?";
  }
  el.append(view.root);
  show();
  pump();

  return () => {
    closed = true;
    keys.removeEventListener("keydown", onKey);
    clock.clearTimeout(retry);
    outbox.close();
    link.close();
    queue.items.forEach(album.forget);
    view.root.remove();
  };
}

export default { render };

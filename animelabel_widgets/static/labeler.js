// The labeler: joins the queue, the outbox and the view of one page.

import { openAlbum } from "./album.js";
import { fitScreen } from "./dom.js";
import { openLink } from "./link.js";
import { openOutbox } from "./outbox.js";
import {
  active,
  add,
  advance,
  canGoBack,
  canResume,
  caughtUp,
  changeItem,
  emptyQueue,
  goBack,
  needs,
  resumed,
  sameAnswer,
  toResume,
  toggled,
} from "./queue.js";
import { openReloader, serverAnswers } from "./reload.js";
import { openBox, readJson, volunteerToken } from "./storage.js";
import { createView } from "./view.js";

const FETCH_PATIENCE = 20_000;
const RETRY = 3_000;
const LOOK_AGAIN = 60_000;
const SILENT_LIMIT = 2;
const DAY_MS = 86_400_000;

const HINT = "Press what you see, then Next. Nothing? Just Next.";
const OFFLINE = "No connection – your answers are kept and sent later.";
const UNSAVED = "Not saved yet – trying again.";
const GONE = "The kernel does not answer. Run this cell again: your answers are kept.";

/** The server answered that it cannot give what was asked. */
class Refusal extends Error {}

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
  const album = openAlbum(answerOf({}));
  const reload = openReloader({
    boxes: [lasting, ofTab],
    ofTab,
    now: () => Date.now(),
    reachable: serverAnswers,
    reload: () => location.reload(),
  });

  let queue = emptyQueue();
  let greeted = false;
  let fetching = false;
  let closed = false;
  let silent = 0; // requests in a row without a reply
  let trouble = "";
  let shownAt = 0;
  let shown = "";
  /** @type {any} */
  let retry = null;

  const view = createView(labels, app, {
    toggle: press,
    next,
    back,
    again() {
      view.say("Looking for more …");
      lookAgain();
    },
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
      heard(event === "waiting" ? UNSAVED : "");
      if (event === "dropped") view.say("One answer was no longer needed. Thank you!");
    },
  });

  /** @param {any} pressed @returns {import("./queue.js").Answer} with every label and nothing else */
  function answerOf(pressed) {
    return Object.fromEntries(labels.map((label) => [label.key, pressed?.[label.key] === true]));
  }

  /** @returns {number} how many this browser has rated */
  function rated() {
    return Number.parseInt(lasting.get("rated") ?? "0", 10) || 0;
  }

  function showCount() {
    view.count(rated(), outbox.pending());
  }

  /** @param {string} problem what the server's answer means for the volunteer, or "" */
  function heard(problem) {
    silent = 0;
    trouble = problem;
    showState();
  }

  /** Nobody answers: say so, and after a while begin anew. */
  function heardNothing() {
    if (closed) return;
    silent += 1;
    const lost = silent >= SILENT_LIMIT;
    trouble = lost && !app ? GONE : OFFLINE;
    showState();
    if (lost && app) reload();
  }

  async function hello() {
    const resume = readJson(ofTab, "queue", canResume) ?? [];
    const message = { kind: "hello", token: volunteerToken(lasting), resume };
    const { content, buffers } = await link.request(message, FETCH_PATIENCE);
    if (content.kind !== "welcome") throw new Refusal(content.message);
    if (!greeted) {
      greeted = true;
      const items = album.takeAll(content.tasks, buffers);
      queue = resumed(items.map((item) => caughtUp(item, outbox.unsent(item.assignment))));
      const draft = readJson(ofTab, "draft", (value) => typeof value?.assignment === "string");
      if (draft) queue = changeItem(queue, draft.assignment, { answer: answerOf(draft.answer) });
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
      if (error instanceof Refusal) heard(error.message);
      else heardNothing();
      repeat(RETRY);
    } finally {
      fetching = false;
    }
  }

  /** @param {any} content @param {DataView[]} buffers */
  function takeTasks(content, buffers) {
    silent = 0;
    trouble = "";
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

  /** Say how it stands. */
  function showState() {
    const calm = active(queue) ? "ready" : queue.finished ? "finished" : "loading";
    const word = { ready: HINT, finished: "All done for now.", loading: "" }[calm];
    view.state(trouble ? "trouble" : calm);
    view.say(trouble || word, trouble !== "");
  }

  /** Paint what the queue says. */
  function show() {
    const item = active(queue);
    // Before hello, the storage still has what the last page showed.
    if (greeted) ofTab.set("queue", JSON.stringify(toResume(queue)));
    view.allowBack(canGoBack(queue));
    showCount();
    showState();
    if (item) {
      view.showPicture(item.title, album.image(item.assignment));
      view.showAnswer(item.answer);
      if (shown !== item.assignment) shownAt = performance.now();
      shown = item.assignment;
      return;
    }
    shown = "";
    if (queue.finished) {
      view.showMessage(
        "Thank you!",
        "You have seen every picture that needs you for now. Come back later: more may follow.",
        "Look for more",
      );
    } else {
      view.showLoading();
    }
  }

  /** @param {string} key */
  function press(key) {
    const item = active(queue);
    if (!item) return;
    const answer = toggled(item.answer, key, exclusive);
    queue = changeItem(queue, item.assignment, { answer });
    ofTab.set("draft", JSON.stringify({ assignment: item.assignment, answer }));
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
    const meant = view.meaning(event);
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

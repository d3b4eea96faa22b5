// The labeler: joins the visit, the outbox, the browser's history and the view of one page.
//
// Longer than the others, because it is the one place where all parts of a page meet.

import { openAlbum } from "./album.js";
import { showBoard } from "./board.js";
import { openChores } from "./chores.js";
import { openDialogs } from "./dialogs.js";
import { isHeldEnter } from "./dom.js";
import { showKnown } from "./feedback.js";
import { openGate } from "./gate.js";
import { showHelp } from "./help.js";
import { install } from "./install.js";
import { openLadder } from "./ladder.js";
import { openLessons } from "./lessons.js";
import { openLink } from "./link.js";
import { isRating, isReport, openOutbox } from "./outbox.js";
import {
  advance,
  canGoBack,
  changeItem,
  frontier,
  moved,
  preferReady,
  sameAnswer,
  toResume,
  toggled,
  without,
} from "./queue.js";
import { openReloader, serverAnswers } from "./reload.js";
import { askReason } from "./report.js";
import { openStanding } from "./standing.js";
import { openBox } from "./storage.js";
import { followSwipes } from "./swipe.js";
import { createView } from "./view.js";
import { openVisit } from "./visit.js";
import { chosenLanguage, openWords } from "./words.js";

const DAY_MS = 86_400_000;

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} what ends it */
function render({ model, el }) {
  const labels = model.get("labels");
  const app = model.get("app");
  const prefix = `animelabel.${model.get("campaign")}.`;
  const lasting = openBox(() => localStorage, prefix);
  const ofTab = openBox(() => sessionStorage, prefix);
  const clock = {
    setTimeout: (work, delay) => setTimeout(work, delay),
    clearTimeout: (timer) => clearTimeout(timer),
  };
  const catalogue = model.get("words");
  const words = openWords(catalogue, chosenLanguage(catalogue, navigator.languages, lasting.get("language")));
  const { say } = words;
  const link = openLink(model, clock, Math.random);
  const album = openAlbum(answerOf({}), show, drop);
  const view = createView(labels, app, words, { toggle: press, next, back, again, help, report });
  const dialogs = openDialogs(view.root, words);
  const gate = openGate({ painted, clock, now: () => performance.now(), onChange: view.ready });
  const chores = openChores(painted);
  const ladder = app ? openLadder({ history, onMove: go }) : null;
  const lessons = openLessons({
    dialogs,
    words,
    link,
    lasting,
    labels,
    exclusive: model.get("exclusive"),
    onUnavailable: () => standing.notify("tutorial.unavailable"),
  });
  const reload = openReloader({
    boxes: [lasting, ofTab],
    ofTab,
    now: () => Date.now(),
    reachable: serverAnswers,
    reload: () => location.reload(),
  });

  let closed = false;
  let shownAt = 0;
  let shown = "";

  const standing = openStanding({
    view,
    words,
    link,
    lasting,
    app,
    mail: () => ({ pending: outbox.pending() + reports.pending(), full: full() }),
    now: () => Date.now(),
    visit: () => ({
      trouble: visit.trouble(),
      wait: visit.wait(),
      greeted: visit.greeted(),
      finished: visit.queue().finished,
      shown: Boolean(visit.active()?.url),
    }),
  });
  const mail = {
    box: lasting,
    link,
    clock,
    hello: () => visit.hello(),
    onChange: standing.facts,
    onRevision,
    onEvent,
    onSlow: (/** @type {number} */ wait) => visit.slow(wait),
  };
  const outbox = openOutbox({ ...mail, kind: "rate", shelf: "outbox.", fits: isRating });
  const reports = openOutbox({ ...mail, kind: "report", shelf: "report.", fits: isReport });
  const visit = openVisit({
    link,
    album,
    lasting,
    ofTab,
    clock,
    now: () => performance.now(),
    answerOf,
    unsent: outbox.unsent,
    onGreeted() {
      outbox.flush();
      reports.flush();
    },
    onStarted() {
      standing.countProject();
      if (app && model.get("taught") && lessons.isNew()) lessons.start();
    },
    onPictures: show,
    onTrouble() {
      standing.show();
      if (visit.trouble() !== "lost" || !app) return;
      if (model.renew) model.renew();
      else reload();
    },
  });

  /** @param {any} pressed @returns {import("./queue.js").Answer} with every label and nothing else */
  function answerOf(pressed) {
    return Object.fromEntries(labels.map((label) => [label.key, pressed?.[label.key] === true]));
  }

  /** @returns {Promise<void>} settles once the browser has painted what was put into the page */
  function painted() {
    return new Promise((resolve) => {
      requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
    });
  }

  /** @param {string} assignment @param {number} revision */
  function onRevision(assignment, revision) {
    visit.change((queue) => changeItem(queue, assignment, { revision }));
  }

  /** @param {"saved"|"dropped"|"waiting"|"silent"} event @param {any} entry @param {any} reply */
  function onEvent(event, entry, reply) {
    if (closed) return;
    if (event === "silent") return visit.heardNothing();
    visit.heard(event === "waiting" ? "unsaved" : "");
    if (event === "dropped") standing.notify("status.dropped");
    if (event === "saved" && reply.known && entry.revision === 0) showFeedback(entry, reply.known);
    show();
  }

  /** @param {any} entry @param {any} known */
  function showFeedback(entry, known) {
    const picture = visit.queue().items.find((item) => item.assignment === entry.assignment) ?? null;
    if (!showKnown({ dialogs, words, said: entry.answer, known, picture })) standing.notify("status.known");
  }

  /** @returns {boolean} whether an answer is kept nowhere but in this page */
  function full() {
    return !outbox.kept() || !reports.kept();
  }

  /** Paint what the queue says. */
  function show() {
    if (closed) return;
    visit.change((queue) => preferReady(queue, (item) => album.ready(item.assignment)));
    const queue = visit.queue();
    const item = visit.active();
    // Before hello, the storage still has what the last page showed.
    if (visit.greeted()) ofTab.set("queue", JSON.stringify(toResume(queue)));
    view.allowBack(canGoBack(queue));
    standing.show();
    chores.later(() => ladder?.mark(place()));
    if (item && album.ready(item.assignment)) {
      view.showPicture(item.title, album.image(item.assignment));
      view.showAnswer(item.answer);
      gate.show(item.assignment, album.decoded(item.assignment));
      if (shown !== item.assignment) shownAt = performance.now();
      shown = item.assignment;
      return;
    }
    shown = "";
    gate.hide();
    view.showAnswer(item?.answer ?? {});
    if (!item && queue.finished) {
      view.showEnd(...standing.end());
    } else view.showLoading();
  }

  /** @returns {import("./ladder.js").Place} where the browser's history is to lead, in the app */
  function place() {
    const item = visit.active();
    const title = [item?.title, say("page.name")].filter(Boolean).join(" – ");
    if (document.title !== title) document.title = title;
    return { assignment: item?.assignment ?? null, title: item?.title ?? "" };
  }

  /** A picture cannot be decoded: it gives way, and the reviewers hear of it. @param {string} assignment */
  function drop(assignment) {
    reports.put({ assignment, reason: "broken" });
    visit.change((queue) => without(queue, assignment));
    show();
    visit.pump();
  }

  /** @param {string} key */
  function press(key) {
    const item = visit.active();
    if (!item || !gate.canPress(item.assignment)) return;
    const answer = toggled(item.answer, key, model.get("exclusive"));
    visit.change((queue) => changeItem(queue, item.assignment, { answer }));
    ofTab.set("draft", JSON.stringify({ assignment: item.assignment, answer }));
    view.showAnswer(answer);
  }

  function next() {
    const item = visit.active();
    // Where an answer cannot be kept, it is saved before another picture comes.
    if (!item || !gate.canVote(item.assignment) || full()) return;
    standing.forget();
    if (!sameAnswer(item.answer, item.said)) rate(item);
    const step = advance(visit.queue());
    visit.change(() => preferReady(step.queue, (each) => album.ready(each.assignment)));
    step.dropped.forEach(album.forget);
    gate.moved();
    // The picture first: the history and the messages take longer than it does.
    chores.later(() => {
      ladder?.climb(place());
      outbox.flush();
      visit.pump();
    });
    show();
  }

  /** @param {import("./queue.js").Item} item */
  function rate(item) {
    const revision = item.revision + 1;
    const elapsed = Math.round(performance.now() - shownAt);
    if (item.said === null) standing.count();
    visit.change((queue) => changeItem(queue, item.assignment, { said: item.answer, revision }));
    outbox.keep({
      assignment: item.assignment,
      answer: item.answer,
      revision,
      elapsed_ms: Math.min(Math.max(elapsed, 0), DAY_MS),
    });
  }

  function back() {
    chores.now();
    if (canGoBack(visit.queue()) && !ladder?.back()) go(-1);
  }

  /** The browser, or Back, goes some pictures back or forward. @param {number} steps */
  function go(steps) {
    const left = visit.active();
    // What is shown there from now on is what is saved.
    const changed = left && left.said !== null && !sameAnswer(left.answer, left.said) && !full();
    if (changed) {
      rate(left);
      outbox.flush();
    }
    if (steps < 0 && !canGoBack(visit.queue())) return ladder?.leave();
    dialogs.close();
    standing.forget();
    visit.change((queue) => moved(queue, steps));
    gate.moved();
    show();
    const queue = visit.queue();
    ladder?.settle(place(), queue.index, frontier(queue) - queue.index);
    visit.pump();
  }

  function again() {
    view.say(say("status.looking"));
    visit.lookAgain();
  }

  function report() {
    const item = visit.active();
    if (!item) return;
    askReason(dialogs, words, (reason) => {
      reports.put({ assignment: item.assignment, reason });
      visit.change((queue) => without(queue, item.assignment));
      album.forget(item);
      standing.notify("status.reported");
      show();
      visit.pump();
    });
  }

  function help() {
    showHelp({
      dialogs,
      words,
      labels,
      tutorial: model.get("taught") ? lessons.start : undefined,
      board: model.get("leaderboard") ? () => showBoard({ dialogs, words, link }) : undefined,
      speak(language) {
        lasting.set("language", language);
        words.speak(language);
        standing.forget();
        spoken();
        show();
      },
    });
  }

  function spoken() {
    view.root.lang = words.language();
    if (app) document.documentElement.lang = words.language();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (isHeldEnter(event)) event.preventDefault();
    const meant = dialogs.isOpen() ? null : view.meaning(event);
    if (!meant) return;
    event.preventDefault();
    event.stopPropagation();
    if (meant.action === "toggle") press(meant.key ?? "");
    else ({ next, back, help })[meant.action]();
  }

  /** Somebody looks again: perhaps there is work. */
  function onVisible() {
    chores.now();
    if (document.visibilityState === "visible" && visit.queue().finished) visit.lookAgain();
  }

  /** The connection is back: what waits goes now. */
  function onOpened() {
    outbox.flush();
    reports.flush();
    visit.pump();
  }

  /** An answer that only this page has would go with it. @param {Event} event */
  function onUnload(event) {
    if (full()) event.preventDefault();
  }

  /** @param {PopStateEvent} event */
  const onPop = (event) => ladder?.onPop(event);
  const keys = app ? document : view.root;
  keys.addEventListener("keydown", onKey);
  document.addEventListener("visibilitychange", onVisible);
  addEventListener("beforeunload", onUnload);
  addEventListener("popstate", onPop);
  // Another tab of the volunteer put something into the outbox, or took it out.
  addEventListener("storage", standing.facts);
  model.on("opened", onOpened);
  followSwipes(view.stage, { left: next, right: back });
  if (app) install(say("page.name"));
  spoken();
  el.append(view.root);
  show();
  visit.pump();

  return () => {
    closed = true;
    standing.close();
    keys.removeEventListener("keydown", onKey);
    document.removeEventListener("visibilitychange", onVisible);
    removeEventListener("beforeunload", onUnload);
    removeEventListener("popstate", onPop);
    removeEventListener("storage", standing.facts);
    model.off("opened", onOpened);
    dialogs.end();
    outbox.close();
    reports.close();
    link.close();
    visit.close();
    view.root.remove();
  };
}

export default { render };

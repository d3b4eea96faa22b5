// The pictures that this page holds, decoded before they are needed.

import { pictureUrl } from "./dom.js";

/**
 * @param {Object<string, boolean>} nothing an answer with no feature
 * @param {(assignment: string) => void} onReady a picture is decoded
 * @param {(assignment: string) => void} onBroken it cannot be
 */
export function openAlbum(nothing, onReady, onBroken) {
  /** @type {Map<string, {image: HTMLImageElement, decoded: Promise<void>, ready: boolean}>} */
  const pictures = new Map();

  /** @param {any} task @param {DataView} jpeg @returns {import("./queue.js").Item} */
  const take = (task, jpeg) => {
    const url = pictureUrl(jpeg);
    const image = new Image();
    image.className = "al-picture";
    image.src = url;
    image.dataset.al = "picture";
    image.dataset.assignment = task.assignment;
    image.draggable = false;
    const picture = { image, ready: false, decoded: decoded(image) };
    pictures.set(task.assignment, picture);
    picture.decoded.then(
      () => {
        picture.ready = true;
        onReady(task.assignment);
      },
      () => {
        if (pictures.has(task.assignment)) onBroken(task.assignment);
      },
    );
    return {
      assignment: task.assignment,
      title: task.title,
      url,
      answer: { ...nothing, ...task.answer },
      said: task.answer,
      revision: task.revision ?? -1,
    };
  };

  return {
    /** @param {any[]} tasks @param {DataView[]} buffers one for each task */
    takeAll: (tasks, buffers) => tasks.map((task, place) => take(task, buffers[place])),
    /** @param {string} assignment */
    image: (assignment) => pictures.get(assignment)?.image,
    /** @param {string} assignment @returns {Promise<void>} */
    decoded: (assignment) => pictures.get(assignment)?.decoded ?? Promise.reject(new Error("gone")),
    /** @param {string} assignment */
    ready: (assignment) => pictures.get(assignment)?.ready === true,
    /** @param {import("./queue.js").Item} item */
    forget(item) {
      if (item.url) URL.revokeObjectURL(item.url);
      pictures.delete(item.assignment);
    },
  };
}

/** Decode a picture; a browser under pressure may fail once. @param {HTMLImageElement} image */
async function decoded(image) {
  try {
    await image.decode();
  } catch {
    await image.decode();
  }
}

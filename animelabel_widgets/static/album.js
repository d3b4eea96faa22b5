// The pictures that this page holds, decoded before they are needed.

import { pictureUrl } from "./dom.js";

/**
 * @param {Object<string, boolean>} nothing an answer with no feature
 */
export function openAlbum(nothing) {
  /** @type {Map<string, HTMLImageElement>} */
  const images = new Map();

  /** @param {any} task @param {DataView} jpeg @returns {import("./queue.js").Item} */
  const take = (task, jpeg) => {
    const url = pictureUrl(jpeg);
    const image = new Image();
    image.className = "al-picture";
    image.src = url;
    image.dataset.al = "picture";
    image.dataset.assignment = task.assignment;
    image.draggable = false;
    // Should decoding ahead fail, the browser tries again when it paints.
    image.decode().catch(() => {});
    images.set(task.assignment, image);
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
    image: (assignment) => images.get(assignment),
    /** @param {import("./queue.js").Item} item */
    forget(item) {
      URL.revokeObjectURL(item.url);
      images.delete(item.assignment);
    },
  };
}

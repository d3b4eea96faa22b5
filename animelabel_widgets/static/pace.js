// How fast a page may go: what a server means that says "slow down".

const SHORTEST = 1_000;
const LONGEST = 3_600_000;

/** The server wants to hear nothing more of this kind for a while. */
export class SlowDown extends Error {
  /** @param {any} wait milliseconds, as the server said */
  constructor(wait) {
    super("slow down");
    /** Milliseconds after which to go on: neither at once nor never, whatever was said. */
    this.wait = Math.min(Math.max(Number(wait) || 0, SHORTEST), LONGEST);
  }
}

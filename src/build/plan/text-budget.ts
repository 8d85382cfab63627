/** As much as Docker takes: it refuses a larger definition of a build. */
const most = 16 * 1024 * 1024

/**
 * How much text one build may make out of its Dockerfile. No substitution is
 * longer than 1 MiB, but a file of 1 MiB has room for thousands of them.
 */
export class TextBudget {
  #left = most

  /** Takes `length` characters; returns false when they are not left. */
  take(length: number): boolean {
    this.#left -= Math.max(0, length)
    return this.#left >= 0
  }
}

export const tooMuchText = 'its variables make more than 16 MiB of text'

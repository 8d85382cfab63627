/** In characters. Docker has the same limit for the definition of a build. */
const most = 16 * 1024 * 1024

/**
 * Limits the text that one build makes by substitution. One substitution makes at
 * most 1 MiB, but a Dockerfile can have thousands of substitutions.
 */
export class TextBudget {
  #left = most

  /** Takes `length` characters. Returns false when fewer are left. */
  take(length: number): boolean {
    this.#left -= Math.max(0, length)
    return this.#left >= 0
  }
}

export const tooMuchText = 'its variables make more than 16 MiB of text'

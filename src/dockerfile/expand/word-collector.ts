/** Collects the words of an expansion, which unquoted white space separates. */
export class WordCollector {
  readonly #words: string[] = []
  #current = ''

  /** Adds text to the current word, white space included. */
  keep(text: string): void {
    this.#current += text
  }

  /** Adds text whose white space separates words. */
  split(text: string): void {
    const parts = text.split(/\s+/)
    this.#current += parts[0] ?? ''
    for (let i = 1; i < parts.length; i++) {
      this.#push()
      this.#current = parts[i] ?? ''
    }
  }

  finish(): string[] {
    this.#push()
    return this.#words
  }

  #push(): void {
    if (this.#current !== '') {
      this.#words.push(this.#current)
    }
    this.#current = ''
  }
}

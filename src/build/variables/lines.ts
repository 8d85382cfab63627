/** Variables as lines `NAME=value`, in an order that the caller chooses. */
export class VariableLines {
  readonly #lines = new Map<string, string>()
  #size = 0

  constructor(values: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of values) this.set(name, value)
  }

  /** A name that was set before keeps its place. */
  set(name: string, value: string): void {
    const line = `${name}=${value}`
    this.#size += line.length - (this.#lines.get(name)?.length ?? 0)
    this.#lines.set(name, line)
  }

  /** The line becomes the last one. */
  setLast(name: string, value: string): void {
    this.#size -= this.#lines.get(name)?.length ?? 0
    this.#lines.delete(name)
    this.set(name, value)
  }

  /** The number of characters of all lines. */
  get size(): number {
    return this.#size
  }

  get count(): number {
    return this.#lines.size
  }

  /** A copy, without the lines of `names`. */
  list(names: readonly string[] = []): readonly string[] {
    const excluded = names.filter((name) => this.#lines.has(name))
    if (excluded.length === 0) return [...this.#lines.values()]
    return [...this.#lines].flatMap(([name, line]) => (excluded.includes(name) ? [] : [line]))
  }
}

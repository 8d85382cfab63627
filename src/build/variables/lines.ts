/** Variables as lines `NAME=value`, in the order in which their names were set first. */
export class VariableLines {
  readonly #places = new Map<string, number>()
  readonly #lines: string[] = []
  #size = 0

  constructor(values: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of values) this.set(name, value)
  }

  set(name: string, value: string): void {
    const line = `${name}=${value}`
    const place = this.#places.get(name) ?? this.#lines.length
    this.#size += line.length - (this.#lines[place]?.length ?? 0)
    this.#places.set(name, place)
    this.#lines[place] = line
  }

  /** The number of characters of all lines. */
  get size(): number {
    return this.#size
  }

  get count(): number {
    return this.#lines.length
  }

  /** A copy, without the lines of `names`. */
  list(names: readonly string[] = []): readonly string[] {
    const places = names.flatMap((name) => this.#places.get(name) ?? [])
    return places.length === 0
      ? this.#lines.slice()
      : this.#lines.filter((_, place) => !places.includes(place))
  }
}

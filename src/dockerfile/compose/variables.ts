import type { KeyValue } from '../ast.ts'
import { expand } from '../expand/expand.ts'
import { SubstitutionError } from '../expand/substitution-error.ts'
import { Problem } from '../problem.ts'
import { withSuggestion } from '../suggest.ts'

/** The arguments that are known before a build: those above in the file, and the builder's. */
export class KnownArguments {
  readonly #given: Readonly<Record<string, string>>
  readonly #builder: Readonly<Record<string, string>>
  readonly #globals = new Map<string, string>()
  #stage = new Map<string, string>()
  #isInStage = false

  /** `given` are the values of --build-arg, `builder` those of platform arguments. */
  constructor(given: Readonly<Record<string, string>>, builder: Readonly<Record<string, string>>) {
    this.#given = given
    this.#builder = builder
  }

  enterStage(): void {
    this.#stage = new Map()
    this.#isInStage = true
  }

  declare(args: readonly KeyValue[]): void {
    for (const { key, value } of args) {
      const byDefault = value === undefined ? this.#globals.get(key) : this.#expand(value)
      const found = this.#given[key] ?? byDefault ?? ''
      const scope = this.#isInStage ? this.#stage : this.#globals
      scope.set(key, found)
    }
  }

  /** Returns the value of a declared argument. Throws `Problem` for another name. */
  readonly lookup = (name: string): string => {
    const found =
      this.#stage.get(name) ?? this.#globals.get(name) ?? this.#given[name] ?? this.#builder[name]
    if (found !== undefined) return found
    const known = [...this.#stage.keys(), ...this.#globals.keys(), ...Object.keys(this.#builder)]
    const message = `$${name} is not known before the build: no ARG above declares it`
    throw new Problem('unknown-argument', withSuggestion(message, name, known))
  }

  /** A default may use a variable that only the build knows. Then the argument is empty here. */
  #expand(word: string): string | undefined {
    try {
      return expand(
        word,
        (name) => this.#stage.get(name) ?? this.#globals.get(name) ?? this.#builder[name],
      )
    } catch (error) {
      if (error instanceof SubstitutionError) return undefined
      throw error
    }
  }
}

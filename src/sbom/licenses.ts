/** Identifiers of common licenses in the list of SPDX. Others are not stated as expressions. */
const known: ReadonlySet<string> = new Set(
  `0BSD AFL-2.1 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-2.0
  BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 bzip2-1.0.6 CC0-1.0
  CC-BY-3.0 CC-BY-4.0 CC-BY-SA-4.0 CDDL-1.0 CDDL-1.1 curl ECL-2.0 EPL-1.0 EPL-2.0 FSFAP FTL
  GFDL-1.3-or-later GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later
  HPND ICU IJG ISC LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only
  LGPL-3.0-or-later Libpng libtiff MIT MIT-0 MPL-1.1 MPL-2.0 NCSA OFL-1.1 OLDAP-2.8 OpenSSL
  PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 Python-2.0.1 Ruby SGI-B-2.0 SMLNJ Sleepycat TCL
  Unicode-3.0 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C WTFPL X11 Zlib ZPL-2.1`.split(/\s+/),
)

const exceptions: ReadonlySet<string> = new Set(
  `Autoconf-exception-3.0 Classpath-exception-2.0 GCC-exception-2.0 GCC-exception-3.1
  LLVM-exception OpenSSL-exception`.split(/\s+/),
)

/**
 * Returns a license as an expression of SPDX, or `undefined` for a text that is none: with an
 * unknown license, document readers would refuse the whole document.
 */
export function licenseExpression(text: string): string | undefined {
  const words = text.trim().match(/[()]|[A-Za-z0-9.+-]+|\S/g) ?? []
  // A longer text is no license but its terms.
  if (words.length > 100) return undefined
  const parser = new Expression(words)
  return parser.either() && parser.isDone ? words.join(' ').replace(/\( | \)/g, trimmed) : undefined
}

function trimmed(text: string): string {
  return text.trim()
}

/** Operators from the weakest: OR, AND, WITH. */
class Expression {
  readonly #words: readonly string[]
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  get isDone(): boolean {
    return this.#at === this.#words.length
  }

  either(): boolean {
    return this.#list('OR', () => this.#list('AND', () => this.#term()))
  }

  #list(operator: string, operand: () => boolean): boolean {
    do if (!operand()) return false
    while (this.#take(operator))
    return true
  }

  #term(): boolean {
    if (this.#take('(')) return this.either() && this.#take(')')
    const word = this.#words[this.#at] ?? ''
    if (!known.has(word) && !known.has(word.replace(/\+$/, ''))) return false
    this.#at += 1
    if (!this.#take('WITH')) return true
    const exception = this.#words[this.#at++] ?? ''
    return exceptions.has(exception)
  }

  #take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false
    this.#at += 1
    return true
  }
}

/** Small breaks of one file, and the tests that must notice each of them. */
export interface MutatedFile {
  readonly file: string
  /** Files or folders of tests. Default: the folder of the file. */
  readonly tests?: readonly string[]
  readonly breaks: readonly Break[]
}

/**
 * A text that is in the file exactly once, and its replacement. The third part is the
 * reason if no test can notice the break.
 */
export type Break = readonly [find: string, replace: string, unnoticed?: string]

/** One break, ready to be tried. */
export interface Mutation {
  readonly file: string
  readonly tests: readonly string[]
  readonly find: string
  readonly replace: string
  readonly unnoticed?: string | undefined
}

export function mutationsOf(files: readonly MutatedFile[]): readonly Mutation[] {
  return files.flatMap(({ file, tests = [file.slice(0, file.lastIndexOf('/'))], breaks }) =>
    breaks.map(([find, replace, unnoticed]) => ({ file, tests, find, replace, unnoticed })),
  )
}

/** Returns the broken file; `undefined` if the text is not in it exactly once. */
export function broken(text: string, { find, replace }: Mutation): string | undefined {
  const at = text.indexOf(find)
  if (at === -1 || text.indexOf(find, at + 1) !== -1) return undefined
  return text.slice(0, at) + replace + text.slice(at + find.length)
}

/** Returns the place and the break: `src/layer/overlay.ts:18`, then the text. */
export function describe(text: string, { file, find, replace }: Mutation): string {
  const line = text.slice(0, text.indexOf(find)).split('\n').length
  const short = (code: string): string => code.replace(/\s+/g, ' ').trim()
  return `${file}:${line}: ${short(find)}  ->  ${short(replace) || 'nothing'}`
}

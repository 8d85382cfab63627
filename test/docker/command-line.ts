/** A command line of a table, and how its answer is compared. */
export interface CommandLine {
  readonly line: string
  /** How standard output is compared; `not` only runs the line. */
  readonly output: 'exactly' | 'sorted' | 'shape' | 'not'
  /** Words that scripts look for in standard error. */
  readonly says?: string
}

/**
 * Reads a table: a command line on each line, and comments behind `#`. What follows `##` says how the
 * answer is compared: `sorted`, `shape` (the members of JSON and their types), `not`, or `says: WORDS`.
 */
export function parseTable(text: string): readonly CommandLine[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map(parseLine)
}

function parseLine(text: string): CommandLine {
  const [, line = '', options = ''] = /^(.*?)(?:\s+##\s+(.*))?$/.exec(text) ?? []
  const words = options === '' ? [] : options.split(/;\s*/)
  const says = words.find((word) => word.startsWith('says: '))?.slice('says: '.length)
  const output = words.find((word) => !word.startsWith('says: ')) ?? 'exactly'
  if (!isOutput(output)) throw new Error(`Cannot read '${text}': ${output} is no comparison`)
  return { line, output, ...(says === undefined ? {} : { says }) }
}

function isOutput(word: string): word is CommandLine['output'] {
  return ['exactly', 'sorted', 'shape', 'not'].includes(word)
}

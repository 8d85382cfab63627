import { splitWords } from '../instructions/words.ts'
import type { StatementItem } from '../syntax/tree.ts'
import type { TextEdit } from './edits.ts'
import { replace } from './simple-fixes.ts'

/** A word that a shell passes on without a change, apart from its quotes. */
const plainWord = /^(?:[\w@%+=:,./-]|"[^"$`\\]*"|'[^']*')+$/

/** Words that only a shell understands. */
const shellWords = new Set(
  '. : alias break case cd command continue eval exec exit export for hash if local read readonly return set shift source times trap type ulimit umask unset until wait while { }'.split(
    ' ',
  ),
)

/**
 * Rewrites `CMD name words` as a JSON array, if a shell would do no more than start the program
 * with these words.
 */
export function execForm({ statement }: StatementItem): TextEdit[] {
  const { rest, restAt, text, line, escape: escapeChar } = statement
  if (line.pieces.length > 1 || escapeChar !== '\\') return []
  const words = splitWords(rest, escapeChar)
  const [program = ''] = words
  const isAssignment = program.includes('=')
  if (isAssignment || shellWords.has(program) || !words.every((word) => plainWord.test(word))) {
    return []
  }
  const argv = words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))
  const json = `[${argv.map((word) => JSON.stringify(word)).join(', ')}]`
  return [replace(statement, { start: restAt, end: text.length }, json)]
}

import type { ArgInstruction, EnvInstruction, KeyValue, LabelInstruction } from '../ast.ts'
import { Problem } from '../problem.ts'
import { describe } from './description.ts'
import { readFlags } from './flags.ts'
import { nodeOf, requireArguments, type Source } from './source.ts'
import { splitWords } from './words.ts'

type Pairs = Pick<EnvInstruction, 'pairs' | 'legacy'>

export function parseEnv(source: Source): EnvInstruction {
  return { ...nodeOf(source, 'ENV'), ...readPairs(source) }
}

export function parseLabel(source: Source): LabelInstruction {
  return { ...nodeOf(source, 'LABEL'), ...readPairs(source) }
}

/** Reads `key=value …`, or the legacy `key value` whose value is the rest of the line. */
function readPairs(source: Source): Pairs {
  readFlags(source, {})
  requireArguments(source)
  const words = splitWords(source.rest, source.escape)
  if (words[0]?.includes('=') === false) {
    const [key = '', value] = source.rest.split(/\s+(.*)/s)
    if (value === undefined) {
      throw new Problem(
        'missing-argument',
        `${source.keyword} must have two arguments: ${source.keyword} <name>=<value>`,
      )
    }
    return { pairs: [{ key, value }], legacy: true }
  }
  const pairs = words.map((word) => {
    const { key, value } = splitPair(source, word)
    if (value === undefined) {
      const message = `can't find = in ${JSON.stringify(word)}: ${source.keyword} takes name=value`
      throw new Problem('invalid-argument', message)
    }
    return { key, value }
  })
  return { pairs, legacy: false }
}

export function parseArg(source: Source): ArgInstruction {
  readFlags(source, {})
  requireArguments(source)
  const args = splitWords(source.rest, source.escape).map((word) => splitPair(source, word))
  const described = args.map(({ key }) => describe(source.comments, key))
  const description = described.find((text) => text !== undefined)
  return { ...nodeOf(source, 'ARG'), args, description }
}

function splitPair(source: Source, word: string): KeyValue {
  const equals = word.indexOf('=')
  const key = equals < 0 ? word : word.slice(0, equals)
  if (key === '') {
    throw new Problem('invalid-argument', `${source.keyword} names can not be blank`)
  }
  return equals < 0 ? { key } : { key, value: word.slice(equals + 1) }
}

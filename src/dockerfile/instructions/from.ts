import type { FromInstruction } from '../ast.ts'
import { Problem } from '../problem.ts'
import { readFlags } from './flags.ts'
import { nodeOf, type Source } from './source.ts'
import { splitSpace } from './words.ts'

const stageName = /^[a-z][a-z0-9._-]*$/

/** `FROM [--platform=<platform>] <image> [AS <name>]`. */
export function parseFrom(source: Source): FromInstruction {
  const platform = readFlags(source, { platform: 'string' }).string('platform')
  const words = splitSpace(source.rest)
  const [image, as, written] = words
  if (image === undefined || (words.length !== 1 && words.length !== 3)) {
    throw new Problem(
      'missing-argument',
      'FROM requires either one or three arguments: FROM <image> [AS <name>]',
    )
  }
  if (as !== undefined && as.toLowerCase() !== 'as') {
    const message = `FROM takes an image and AS with a name: expected AS, found ${JSON.stringify(as)}`
    throw new Problem('invalid-argument', message)
  }
  const name = written?.toLowerCase()
  if (name !== undefined && !stageName.test(name)) {
    const message = `invalid name for build stage: ${JSON.stringify(written)}, name can't start with a number or contain symbols`
    throw new Problem('invalid-stage-name', message)
  }
  return {
    ...nodeOf(source, 'FROM'),
    image,
    name,
    platform,
  }
}

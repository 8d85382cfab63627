import type { Instruction, OnbuildInstruction } from '../ast.ts'
import { Problem } from '../problem.ts'
import { readFlags } from './flags.ts'
import { nodeOf, requireArguments, type Source, splitHead } from './source.ts'

/**
 * Reads `ONBUILD <instruction>`. The trigger keeps its heredocs in a form that can
 * be parsed again: the text, then each body and its delimiter.
 */
export function parseOnbuild(
  source: Source,
  parseInner: (inner: Source) => Instruction,
): OnbuildInstruction {
  readFlags(source, {})
  requireArguments(source)
  const head = splitHead(source.rest)
  if (head.keyword === 'ONBUILD') {
    const message = "chaining ONBUILD via ONBUILD ONBUILD isn't allowed"
    throw new Problem('onbuild-not-allowed', message)
  }
  if (head.keyword === 'FROM' || head.keyword === 'MAINTAINER') {
    const message = `${head.keyword} isn't allowed as an ONBUILD trigger`
    throw new Problem('onbuild-not-allowed', message)
  }
  const instruction = parseInner({ ...source, ...head, text: source.rest })
  const bodies = source.heredocs.map(({ content, name }) => `\n${content}${name}`)
  return {
    ...nodeOf(source, 'ONBUILD'),
    instruction,
    trigger: source.rest + bodies.join(''),
  }
}

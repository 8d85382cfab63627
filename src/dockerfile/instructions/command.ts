import type { CmdInstruction, Command, EntrypointInstruction } from '../ast.ts'
import { readFlags } from './flags.ts'
import { nodeOf, requireArguments, type Source } from './source.ts'
import { parseJsonForm } from './words.ts'

/** Reads the rest of the instruction as a command: exec form for a JSON array, else shell form. */
export function parseCommand(source: Source): Command {
  const argv = parseJsonForm(source.rest)
  return argv === undefined
    ? { form: 'shell', text: source.rest, heredocs: source.heredocs }
    : { form: 'exec', argv }
}

export function parseCmd(source: Source): CmdInstruction {
  readFlags(source, {})
  requireArguments(source)
  return { ...nodeOf(source, 'CMD'), command: parseCommand(source) }
}

export function parseEntrypoint(source: Source): EntrypointInstruction {
  readFlags(source, {})
  requireArguments(source)
  return { ...nodeOf(source, 'ENTRYPOINT'), command: parseCommand(source) }
}

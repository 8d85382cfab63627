import type { FromInstruction, Instruction } from '../ast.ts'
import { Problem } from '../problem.ts'
import { withSuggestion } from '../suggest.ts'
import { parseCmd, parseEntrypoint } from './command.ts'
import { parseAdd, parseCopy } from './copy.ts'
import { extensionLine, isExtension } from './extensions.ts'
import { parseFrom } from './from.ts'
import { parseHealthcheck } from './healthcheck.ts'
import { parseArg, parseEnv, parseLabel } from './key-values.ts'
import { parseOnbuild } from './onbuild.ts'
import { parseRun } from './run.ts'
import {
  parseExpose,
  parseMaintainer,
  parseShell,
  parseStopsignal,
  parseUser,
  parseVolume,
  parseWorkdir,
} from './simple.ts'
import type { Source } from './source.ts'

const parsers = {
  ADD: parseAdd,
  ARG: parseArg,
  CMD: parseCmd,
  COPY: parseCopy,
  ENTRYPOINT: parseEntrypoint,
  ENV: parseEnv,
  EXPOSE: parseExpose,
  FROM: parseFrom,
  HEALTHCHECK: parseHealthcheck,
  LABEL: parseLabel,
  MAINTAINER: parseMaintainer,
  ONBUILD: (source: Source) => parseOnbuild(source, parseInner),
  RUN: parseRun,
  SHELL: parseShell,
  STOPSIGNAL: parseStopsignal,
  USER: parseUser,
  VOLUME: parseVolume,
  WORKDIR: parseWorkdir,
} satisfies Readonly<Record<string, (source: Source) => Instruction | FromInstruction>>

function isKeyword(word: string): word is keyof typeof parsers {
  return Object.hasOwn(parsers, word)
}

/** Reads one instruction. Throws a Problem for a mistake. */
export function parseInstruction(source: Source): Instruction | FromInstruction {
  if (!isKeyword(source.keyword)) {
    const { start } = source.range
    const end = { line: start.line, column: start.column + source.written.length }
    const shown = source.written.length > 64 ? `${source.written.slice(0, 64)}…` : source.written
    const message = `unknown instruction: ${shown}`
    const help = isExtension(source.keyword)
      ? `${message} (the file has no line ${extensionLine})`
      : withSuggestion(message, source.written, Object.keys(parsers))
    throw new Problem('unknown-instruction', help, { start, end })
  }
  return parsers[source.keyword](source)
}

function parseInner(source: Source): Instruction {
  const inner = parseInstruction(source)
  if (inner.kind === 'FROM') {
    throw new Problem('onbuild-not-allowed', "FROM isn't allowed as an ONBUILD trigger")
  }
  return inner
}

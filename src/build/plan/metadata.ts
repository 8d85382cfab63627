import {
  type Command,
  commandArgv,
  hasSubstitution,
  type Instruction,
  isSignal,
  type PortSpec,
  parsePortSpec,
  portMessages,
} from '#dockerfile'
import type { Healthcheck } from '#oci'
import { DockerfileError, failure } from '../model/error.ts'
import { healthcheckText, historyComment, plainList, quotedList } from './history.ts'
import type { Expander, PlanContext, StageState } from './stage.ts'

/** An instruction that changes the configuration and no file. */
type MetadataKind = Exclude<Instruction['kind'], 'RUN' | 'COPY' | 'ADD' | 'WORKDIR'>
type Of<Kind extends MetadataKind> = Extract<Instruction, { kind: Kind }>
type MetadataInstruction = Of<MetadataKind>

/** Changes `stage` and returns the history line; `undefined` where BuildKit writes none. */
type Apply<Kind extends MetadataKind> = (
  stage: StageState,
  instruction: Of<Kind>,
  expand: Expander,
  context: PlanContext,
) => string | undefined

const table: { readonly [Kind in MetadataKind]: Apply<Kind> } = {
  ARG: applyArg,
  CMD(stage, { command }) {
    const argv = commandLine(command, stage)
    stage.config.Cmd = argv
    stage.hasCommand = true
    return `CMD ${quotedList(argv)}`
  },
  ENTRYPOINT(stage, { command }) {
    const argv = commandLine(command, stage)
    stage.config.Entrypoint = argv
    // The CMD of the base image belongs to the entry point of the base image.
    if (!stage.hasCommand) delete stage.config.Cmd
    return `ENTRYPOINT ${quotedList(argv)}`
  },
  ENV(stage, { pairs }, expand) {
    const set = pairs.map(({ key, value }) => [expand.one(key), expand.one(value)] as const)
    for (const [key, value] of set) stage.setEnv(key, value)
    return `ENV ${set.map((pair) => pair.join('=')).join(' ')}`
  },
  EXPOSE: applyExpose,
  HEALTHCHECK(stage, instruction) {
    const check = healthcheck(instruction)
    stage.config.Healthcheck = check
    return `HEALTHCHECK ${healthcheckText(check)}`
  },
  LABEL(stage, { pairs }, expand) {
    const set = pairs.map(({ key, value }) => [expand.one(key), expand.one(value)] as const)
    stage.config.Labels = { ...stage.config.Labels, ...Object.fromEntries(set) }
    return `LABEL ${set.map((pair) => pair.join('=')).join(' ')}`
  },
  MAINTAINER(stage, { author }) {
    stage.author = author
    return `MAINTAINER ${author}`
  },
  ONBUILD(stage, { trigger }) {
    stage.config.OnBuild = [...(stage.config.OnBuild ?? []), trigger]
    return undefined
  },
  SHELL(stage, { argv }) {
    stage.config.Shell = [...argv]
    return `SHELL ${plainList(argv)}`
  },
  STOPSIGNAL: applyStopsignal,
  USER(stage, { user }, expand) {
    stage.config.User = expand.one(user)
    return `USER ${stage.config.User}`
  },
  VOLUME(stage, { paths, range }, expand, { source }) {
    const volumes = paths.map((path) => expand.one(path))
    if (volumes.some((path) => path.trim() === '')) {
      const reason = 'the path of a VOLUME is empty'
      const diagnostics = [failure('empty-volume', reason, range)]
      throw new DockerfileError(`Cannot build ${source.name}: ${reason}`, source, diagnostics)
    }
    const declared = volumes.map((path) => [path, {} as Record<string, never>] as const)
    stage.config.Volumes = { ...stage.config.Volumes, ...Object.fromEntries(declared) }
    return `VOLUME ${plainList(volumes)}`
  },
}

/** Applies an instruction that makes no layer: configuration, arguments and history. */
export function applyMetadata(
  stage: StageState,
  instruction: MetadataInstruction,
  expand: Expander,
  context: PlanContext,
): void {
  const apply = table[instruction.kind] as Apply<MetadataKind>
  const line = apply(stage, instruction, expand, context)
  if (line === undefined) return
  stage.addHistory({ entry: { created_by: line, comment: historyComment, empty_layer: true } })
}

/** The argv of RUN, CMD and ENTRYPOINT: the shell form goes through SHELL. */
export function commandLine(command: Command, stage: StageState): string[] {
  return [...commandArgv(command, stage.config.Shell ?? ['/bin/sh', '-c'])]
}

function applyArg(
  stage: StageState,
  { args }: Of<'ARG'>,
  expand: Expander,
  context: PlanContext,
): string {
  const words = args.map(({ key, value }) => {
    const name = expand.one(key)
    context.buildArgs.declare(name)
    const byDefault = (): string | undefined =>
      value === undefined ? context.globals.get(name) : expand.one(value)
    const found = context.buildArgs.get(name) ?? byDefault()
    // Unlike in other instructions, the next default in the line sees this value.
    stage.declareArg(name, found)
    return found === undefined ? name : `${name}=${found}`
  })
  return `ARG ${words.join(' ')}`
}

function applyExpose(
  stage: StageState,
  { ports, range }: Of<'EXPOSE'>,
  expand: Expander,
  { source, warn }: PlanContext,
): string {
  const refuse = (reason: string): DockerfileError =>
    new DockerfileError(`Cannot build ${source.name}: ${reason}`, source, [
      failure('expose-port', reason, range),
    ])
  // Words without variables and quotes are checked when the file is parsed.
  for (const word of ports.filter(hasSubstitution).flatMap((port) => expand.many(port))) {
    for (const [rule, message] of portMessages(word)) warn(rule, message, range)
  }
  const exposed: string[] = []
  let count = 0
  for (const word of ports.toSorted().flatMap((port) => expand.many(port))) {
    const spec = parsePortSpec(word)
    if (spec === undefined) {
      throw refuse(`${word} is not a port, a range of ports or either with /tcp, /udp or /sctp`)
    }
    count += spec.last - spec.first + 1
    if (count > maxPorts) throw refuse(`it exposes more than ${maxPorts} ports`)
    exposed.push(...portsOf(spec))
  }
  const all = new Set([...Object.keys(stage.config.ExposedPorts ?? {}), ...exposed])
  stage.config.ExposedPorts = Object.fromEntries([...all].sort().map((port) => [port, {}]))
  return `EXPOSE ${plainList(exposed)}`
}

/** Ports in one instruction, duplicates included: more than all protocols have. */
const maxPorts = 262_144

/** `8000-8002/udp` → three ports. */
function portsOf({ first, last, protocol }: PortSpec): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`)
}

function applyStopsignal(
  stage: StageState,
  { signal, range }: Of<'STOPSIGNAL'>,
  expand: Expander,
  { source }: PlanContext,
): string {
  const name = expand.one(signal)
  if (!isSignal(name)) {
    const reason = `${JSON.stringify(name)} is not a signal`
    const sentence = `Cannot build ${source.name}: ${reason}`
    throw new DockerfileError(sentence, source, [failure('stopsignal', reason, range)])
  }
  stage.config.StopSignal = name
  return `STOPSIGNAL ${name}`
}

function healthcheck(instruction: Of<'HEALTHCHECK'>): Healthcheck {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction
  if (command === undefined) return { Test: ['NONE'] }
  const test =
    // The runtime passes CMD-SHELL to the image's SHELL, so only the text is stored.
    command.form === 'exec' ? ['CMD', ...command.argv] : ['CMD-SHELL', command.text]
  return {
    Test: test,
    ...(interval !== undefined && { Interval: interval }),
    ...(timeout !== undefined && { Timeout: timeout }),
    ...(startPeriod !== undefined && { StartPeriod: startPeriod }),
    ...(startInterval !== undefined && { StartInterval: startInterval }),
    ...(retries !== undefined && { Retries: retries }),
  }
}

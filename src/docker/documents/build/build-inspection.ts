import { ruleSummary, ruleUrl } from '#dockerfile/lint/rules'
import type { Checked, Outlined, Parameter, Targets } from '#engine/build/inspect'
import type { InspectDocument } from '../document.ts'

type Range = Parameter['range']
type Source = Checked['source']

/** The result of `--call check,format=json` in BuildKit's shape. */
export function checkDocument({ source, warnings, error }: Checked): InspectDocument {
  return {
    warnings: warnings.map(({ rule, message, range }) => ({
      ruleName: rule,
      description: ruleSummary(rule),
      url: ruleUrl(rule),
      detail: message,
      location: locationOf(range),
    })),
    ...(error !== undefined && {
      buildError: {
        message: error.message.split('\n', 1)[0],
        ...(error.diagnostics[0] !== undefined && {
          location: locationOf(error.diagnostics[0].range),
        }),
      },
    }),
    sources: [sourceOf(source)],
  }
}

/** The result of `--call outline,format=json` in BuildKit's shape. */
export function outlineDocument(outlined: Outlined): InspectDocument {
  const { name, description, parameters, source } = outlined
  const of = (kind: Parameter['kind']): readonly InspectDocument[] =>
    parameters.filter((each) => each.kind === kind).map(parameterDocument)
  const lists = {
    args: of('argument'),
    secrets: of('secret'),
    ssh: of('ssh'),
    cache: of('cache'),
  }
  return {
    name: name ?? 'default',
    ...(description !== undefined && { description }),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    sources: [encode(source)],
  }
}

function parameterDocument(parameter: Parameter): InspectDocument {
  const location = locationOf(parameter.range)
  if (parameter.kind === 'cache') return { ID: parameter.name, location }
  if (parameter.kind !== 'argument') {
    return { name: parameter.name, ...(parameter.isRequired && { required: true }), location }
  }
  const { name, description, value } = parameter
  return {
    name,
    ...(description !== undefined && { description }),
    ...(value !== undefined && { value }),
    location,
  }
}

/** The result of `--call targets,format=json` in BuildKit's shape. */
export function targetsDocument({ source, stages }: Targets): InspectDocument {
  return {
    targets: stages.map(({ index, name, description, from }) => ({
      ...(name !== undefined && { name }),
      ...(index === stages.length - 1 && { default: true }),
      ...(description !== undefined && { description }),
      base: from.image,
      ...(from.platform !== undefined && { platform: from.platform }),
      location: locationOf(from.range),
    })),
    sources: [encode(source)],
  }
}

/** The methods of `--call` in BuildKit's shape. */
export const describeDocument: readonly InspectDocument[] = [
  ['outline', 'List the parameters of a target'],
  ['targets', 'List the stages of a Dockerfile'],
  ['lint', 'Check a Dockerfile'],
  ['subrequests.describe', 'List the methods'],
].map(([name, description]) => ({
  name: `frontend.${name}`,
  version: '1.0.0',
  type: 'rpc',
  description,
  opts: name === 'outline' ? [{ name: 'target', description: 'the stage' }] : [],
  inputs: null,
  metadata: ['result.json', 'result.txt'].map((each) => ({ name: each, description: '' })),
  refs: null,
}))

function locationOf({ start, end }: Range): InspectDocument {
  return {
    ranges: [{ start: { line: start.line }, end: { line: end.line } }],
  }
}

function sourceOf(source: Source): InspectDocument {
  return { filename: source.name, language: 'Dockerfile', data: encode(source) }
}

function encode({ text }: Source): string {
  return Buffer.from(text).toString('base64')
}

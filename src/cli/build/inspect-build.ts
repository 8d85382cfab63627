import type { BuildCall } from '#docker/build/call'
import type { BuildRequest } from '#engine/build/build'
import { StrakeError } from '#oci'
import type { Context } from '../context.ts'

export interface InspectOptions {
  readonly request: BuildRequest
  readonly fix?: boolean | undefined
  readonly diff?: boolean | undefined
}

/**
 * Prints the checks, parameters or targets of a Dockerfile without building it. The exit code is 1
 * for a mistake or a violation, as in Docker.
 */
export async function inspectBuild(
  context: Context,
  call: BuildCall,
  { request, fix = false, diff = false }: InspectOptions,
): Promise<void> {
  const { method, format } = call
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`
  const isJson = format === 'json'
  if ((fix || diff) && method !== 'check') {
    throw new StrakeError('INVALID', 'Cannot fix a Dockerfile without --check', {
      remedy: 'add --check, or use strake dockerfile lint --fix',
    })
  }
  const documents = await import('#docker/documents/build/build-inspection')
  const formats = await import('../render/build-inspection.ts')
  if (method === 'subrequests.describe') {
    const methods = documents.describeDocument
    return context.out.write(isJson ? json(methods) : formats.formatMethods(methods))
  }
  if (fix || diff) await fixDockerfile(context, request, diff)
  if (diff) return
  const { check, outline, targets } = await import('#engine/build/inspect')
  const engine = await context.engine()
  const wanted = { ...request, signal: context.signal }
  if (method === 'outline') {
    const found = await outline(engine, wanted)
    context.out.write(
      isJson ? json(documents.outlineDocument(found)) : formats.formatOutline(found),
    )
  } else if (method === 'targets') {
    const found = await targets(engine, wanted)
    context.out.write(
      isJson ? json(documents.targetsDocument(found)) : formats.formatTargets(found),
    )
  } else {
    const { error, ...found } = await check(engine, wanted)
    const checked = { ...found, error }
    context.out.write(
      isJson ? json(documents.checkDocument(checked)) : formats.formatChecked(checked),
    )
    if (error !== undefined && !isJson) throw error
    const isWrong = error !== undefined || found.warnings.length > 0
    if (isWrong && !call.ignoresStatus) context.exitCode = 1
  }
}

async function fixDockerfile(
  context: Context,
  { context: directory, dockerfile, buildArgs }: BuildRequest,
  diff: boolean,
): Promise<void> {
  const { findDockerfile, replaceDockerfile } = await import('#engine/dockerfile/dockerfile-file')
  const { lintDockerfiles } = await import('#engine/dockerfile/lint')
  const place = await findDockerfile(directory, dockerfile)
  const [fixed] = await lintDockerfiles({
    places: [place],
    check: buildArgs?.get('BUILDKIT_DOCKERFILE_CHECK'),
    fix: true,
    signal: context.signal,
  })
  if (fixed === undefined || fixed.text === fixed.original) return
  if (!diff) return await replaceDockerfile(place, fixed.text)
  const { unifiedDiff } = await import('#dockerfile/report/line-diff')
  context.out.write(unifiedDiff(fixed.original, fixed.text, place))
}

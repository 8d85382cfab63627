import { withRecordedBuild } from '#docker/build/recorded-build'
import { findRecordedBuild } from '#engine/reproduce/recorded-build'
import { type VerifyRequest, verify } from '#engine/reproduce/verify'
import { StrakeError } from '#oci'
import { pathExists } from '#platform'
import type { Context } from '../context.ts'
import { formatVerified } from '../render/build/verified.ts'
import { buildRenderer } from '../render/build-renderer.ts'

/** Builds an image again and prints how the result differs. The exit code is 1 if it does. */
export async function verifyImage(
  context: Context,
  request: VerifyRequest,
  {
    progress,
    format,
  }: {
    readonly progress: Parameters<typeof buildRenderer>[1]
    readonly format?: string | undefined
  },
): Promise<void> {
  if (format !== undefined && format !== 'json') {
    throw new StrakeError('INVALID', `Cannot use --format ${format}: --verify has only json`)
  }
  const engine = await context.engine()
  const recorded = await findRecordedBuild(engine, request.image, request.platforms?.[0])
  const asked =
    recorded === undefined ? withLock(request) : withRecordedBuild(request, recorded, request.image)
  if (recorded?.isComplete === false) {
    context.err.write('warning: the provenance has no build arguments and labels; name them\n')
  }
  const renderer = buildRenderer(context, progress)
  const verified = await verify(engine, {
    ...asked,
    image: request.image,
    recorded,
    emit: renderer.emit,
    signal: context.signal,
  }).finally(() => renderer.finish())
  const isSame = verified.differences.length === 0
  const document = { ...verified, identical: isSame }
  context.out.write(
    format === 'json' ? `${JSON.stringify(document, undefined, 2)}\n` : formatVerified(verified),
  )
  if (!isSame) context.exitCode = 1
}

/** Without a provenance, the lock file of the context has the versions that the image was made of. */
function withLock(request: VerifyRequest): VerifyRequest {
  const { context, dockerfile, image, lock } = request
  if (context === undefined && typeof dockerfile !== 'object') {
    throw new StrakeError('INVALID', `Cannot verify ${image}: it has no provenance`, {
      remedy: 'name the directory or URL that it was built from as the last argument',
    })
  }
  const isLocked = typeof context === 'string' && pathExists(`${context}/build.lock`)
  return lock === undefined && isLocked ? { ...request, lock: { mode: 'check' } } : request
}

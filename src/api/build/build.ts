import { type BuildRequest, build as buildImage, readBuildInput } from '#engine/build/build'
import { familiarReference, parsePlatform, parseReference, StrakeError } from '#oci'
import type { Builds } from '../buildkit/builds.ts'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { progressResponse } from '../images/progress.ts'
import { engineWithConfig } from '../images/registry-auth.ts'
import { cancelable } from './cancel.ts'
import { mapOf, wordsOf } from './query-values.ts'
import { stepLines } from './step-lines.ts'

/**
 * `POST /build`: builds the tar archive in the body, as clients without BuildKit ask for it. The
 * version 2 is a build by BuildKit, whose client may have a session.
 */
export async function build(call: ApiCall, builds: Builds): Promise<Response> {
  const { query } = call
  if (!['1', '2', undefined].includes(query.text('version'))) {
    throw new ApiError(400, `invalid builder version: ${query.text('version')}`)
  }
  if (query.text('version') === '2') {
    const { buildWithSession } = await import('./session-build.ts')
    return await buildWithSession(call, builds)
  }
  const isQuiet = query.flag('q')
  const options = readOptions(call)
  return await progressResponse(async (add) => {
    using build = cancelable(call)
    const show = stepLines((line) => {
      if (!isQuiet) add([line])
    })
    const { imageId, names } = await buildImage(engineWithConfig(call), {
      ...options,
      ...(await contextOf(call)),
      emit: show,
      signal: build.signal,
    })
    const tagged = names.map((name) => ({
      stream: `Successfully tagged ${familiarReference(parseReference(name))}\n`,
    }))
    const short = imageId.replace(/^sha256:/, '').slice(0, 12)
    const end = [{ stream: `Successfully built ${short}\n` }, ...tagged]
    return isQuiet ? [{ stream: `${imageId}\n` }] : [{ aux: { ID: imageId } }, ...end]
  })
}

/** The archive in the body, or the URL of `remote`. */
async function contextOf({
  query,
  request,
}: ApiCall): Promise<Pick<BuildRequest, 'context' | 'dockerfile'>> {
  const dockerfile = query.text('dockerfile')
  const remote = query.text('remote')
  if (remote !== undefined) {
    if (!/^(https?|git|ssh):\/\/|^git@/.test(remote)) {
      throw new StrakeError('INVALID', `Cannot build from ${remote}: expected a URL`)
    }
    return { context: remote, dockerfile }
  }
  if (request.body === null) throw new ApiError(400, 'no build context given')
  const input = await readBuildInput(request.body)
  return 'archive' in input ? { context: input, dockerfile } : { dockerfile: input }
}

function readOptions({ query }: ApiCall): BuildRequest {
  const buildArgs = mapOf('buildargs', query.text('buildargs'))
  const labels = mapOf('labels', query.text('labels'))
  const mode = query.text('networkmode')
  const hosts = wordsOf(query.text('extrahosts'))
  const platforms = wordsOf(query.text('platform'))
  return {
    names: query.texts('t').filter((name) => name !== ''),
    target: query.text('target'),
    buildArgs,
    labels,
    noCache: query.flag('nocache'),
    pull: query.flag('pull'),
    platforms: platforms.length === 0 ? undefined : platforms.map(parsePlatform),
    network: mode === 'host' || mode === 'none' ? mode : undefined,
    // A client of the socket is root on this machine.
    allow: mode === 'host' ? ['network.host'] : undefined,
    runSettings: {
      hosts: hosts.length === 0 ? undefined : hosts.map(hostOf),
      shmSize: query.whole('shmsize') || undefined,
    },
  }
}

function hostOf(text: string): { readonly name: string; readonly ip: string } {
  const at = text.search(/[:=]/)
  if (at < 1) throw new ApiError(400, `bad format for add-host: "${text}"`)
  return { name: text.slice(0, at), ip: text.slice(at + 1) }
}

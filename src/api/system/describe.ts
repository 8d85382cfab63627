import { infoDocument } from '#docker/documents/info'
import { version as program } from '#engine/host/version'
import { describeEngine } from '#engine/info'
import type { ApiCall } from '../call.ts'
import { reply } from '../reply.ts'
import { newest, oldest, versionText } from '../versions.ts'
import { daemonMembers } from './daemon-members.ts'

/** `GET /version`. There is no Go: clients print the runtime in its place. */
export async function version({ engine }: ApiCall): Promise<Response> {
  const { kernel, platform } = await describeEngine(engine)
  const shared = {
    ApiVersion: versionText(newest),
    MinAPIVersion: versionText(oldest),
    Os: platform.os,
    Arch: platform.architecture,
    KernelVersion: kernel,
    GitCommit: '',
    GoVersion: '',
    BuildTime: '',
  }
  return reply({
    Platform: { Name: 'strake' },
    Version: program,
    ...shared,
    Components: [
      { Name: 'Engine', Version: program, Details: { ...shared, Experimental: 'false' } },
    ],
  })
}

/** `GET /info`. */
export async function info({ engine }: ApiCall): Promise<Response> {
  const description = await describeEngine(engine)
  const { ClientInfo: _, ...document } = infoDocument(description)
  return reply({ ...document, ...daemonMembers(engine) })
}

import {
  checkDocument,
  describeDocument,
  outlineDocument,
  targetsDocument,
} from '#docker/documents/build/build-inspection'
import type { BuildRequest } from '#engine/build/build'
import { check, outline, targets } from '#engine/build/inspect'
import type { Engine } from '#engine/engine'
import { withCredentials } from '#engine/registry/with-credentials'
import { openContexts } from './inputs/contexts.ts'
import type { ResultDraft } from './messages/bridge.ts'
import type { PendingBuild } from './pending-build.ts'
import { unknownSubrequest } from './progress/failure.ts'
import { evaluate } from './run-build.ts'
import type { Services } from './services.ts'

/** The answer to a question about a Dockerfile. */
interface Answer {
  readonly document: unknown
  /** The exit code of the client. */
  readonly status: number
}

type Question = (engine: Engine, request: BuildRequest) => Promise<Answer>

/** The questions that `--check` and `--call` ask, by the name of the subrequest. */
const questions: Readonly<Record<string, Question>> = {
  'frontend.lint': async (engine, request) => {
    const found = await check(engine, request)
    const isWrong = found.error !== undefined || found.warnings.length > 0
    return { document: checkDocument(found), status: isWrong ? 1 : 0 }
  },
  'frontend.outline': async (engine, request) => ({
    document: outlineDocument(await outline(engine, request)),
    status: 0,
  }),
  'frontend.targets': async (engine, request) => ({
    document: targetsDocument(await targets(engine, request)),
    status: 0,
  }),
  'frontend.subrequests.describe': async () => ({ document: describeDocument, status: 0 }),
}

/** Answers a question about a Dockerfile without building it. */
export async function answerSubrequest(
  services: Services,
  pending: PendingBuild,
  name: string,
): Promise<ResultDraft> {
  const ask = Object.hasOwn(questions, name) ? questions[name] : undefined
  if (ask === undefined) throw unknownSubrequest(name)
  const { options, definition, client, progress, job } = pending
  const engine = withCredentials(services.engine, (host) => client.credentials(host))
  await using opened = await openContexts(pending, async (input) => await evaluate(services, input))
  const { document, status } = await ask(engine, {
    ...options,
    dockerfile: definition.dockerfile,
    context: opened.context,
    contexts: opened.contexts,
    emit: progress.emit,
    signal: job.signal,
  })
  const metadata = {
    'result.json': JSON.stringify(document, undefined, 2),
    'result.statuscode': String(status),
    version: '1.0.0',
  }
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [key, encode(value)]),
    ),
  }
}

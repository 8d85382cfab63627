import { StrakeError } from '#oci'
import type { Grant, RegistryAdmin, RegistryLedger } from '#registry'
import type { MadeToken, NewToken } from '#registry/admin/admin'
import { ChallengeError, DeniedError } from '#registry/server/refusals'
import type { Forms, FormToken } from '../form.ts'
import type { Viewer } from '../pages/layout.ts'
import { redirect, replyData, replyPage } from '../respond.ts'
import { cachePage } from './cache-page.ts'
import { checkStartRequest, readPruneRequest, readTokenRequest } from './change-request.ts'
import { adminPage, collectionPage, tokensPage } from './pages.ts'

const paths = ['/admin', '/admin/cache', '/admin/collection', '/tokens'] as const

export type AdminPath = (typeof paths)[number]

/** Returns the path if it is one of an administrator or of a user. */
export function adminPath(path: string): AdminPath | undefined {
  return paths.find((each) => each === path)
}

export interface AdminRequest {
  readonly path: AdminPath
  readonly request: Request
  /** True for JSON below `/api/v1`. */
  readonly isData: boolean
  readonly grant: Grant
  readonly viewer: Viewer
  /** For the forms of the page. */
  readonly form: FormToken
}

export interface AdminParts {
  readonly admin: RegistryAdmin
  readonly ledger: RegistryLedger
  readonly forms: Forms
  /** Called with a sentence about each change. */
  readonly onChange: (what: string) => void
}

/**
 * Answers the pages of administrators and of the tokens of a user, and the same as JSON. Throws
 * `DENIED`, and `UNAUTHORIZED` for a sender without a name.
 */
export async function answerAdmin(parts: AdminParts, asked: AdminRequest): Promise<Response> {
  if (asked.path === '/tokens') return await answerTokens(parts, asked)
  requireAdmin(asked.grant)
  const { request } = asked
  if (asked.path === '/admin') {
    if (isChange(request)) throw notChanged()
    const { admin, ledger } = parts
    const quotas = (await admin.quotas?.()) ?? []
    const data = { usage: await ledger.usage(), quotas, collection: admin.collection.state() }
    const hasCaches = admin.caches !== undefined
    return reply(asked, data, (view) => adminPage({ ...data, hasCaches }, view))
  }
  if (asked.path === '/admin/cache') return await answerCache(parts, asked)
  const { collection } = parts.admin
  if (isChange(request)) {
    if (request.method !== 'POST') throw notChanged()
    await checkStartRequest(request, asked.isData, parts.forms)
    collection.start()
    parts.onChange('started a collection')
    return asked.isData ? replyData(collection.state(), { status: 202 }) : redirect('/admin')
  }
  const data = await collection.foresee(request.signal)
  return reply(asked, data, (view) => collectionPage(data, view))
}

async function answerCache(parts: AdminParts, asked: AdminRequest): Promise<Response> {
  const { admin, onChange, forms } = parts
  const { caches } = admin
  if (caches === undefined) {
    throw new StrakeError('NOT_FOUND', 'Cannot show caches: this registry has none')
  }
  const { request, isData } = asked
  if (isChange(request)) {
    const report = await caches.prune(await readPruneRequest(request, isData, forms))
    onChange(`removed ${report.manifests} manifests from caches`)
    return isData ? replyData(report) : redirect('/admin/cache')
  }
  const data = await caches.list()
  return reply(asked, data, (view) => cachePage(data, view))
}

async function answerTokens(parts: AdminParts, asked: AdminRequest): Promise<Response> {
  const { admin, onChange, forms } = parts
  const { grant, request, isData } = asked
  const { tokens } = admin
  if (tokens === undefined) {
    throw new StrakeError('NOT_FOUND', 'Cannot show tokens: this registry has no users')
  }
  const isAdmin = grant.isAdmin === true
  if (grant.user === undefined && !isAdmin) {
    if (grant.name === undefined) throw new ChallengeError('Basic')
    throw new DeniedError(grant.name, { reason: 'only users who log in by password have tokens' })
  }
  const owner = isAdmin ? undefined : grant.user
  let made: MadeToken | undefined
  if (isChange(request)) {
    const change = await readTokenRequest(request, isData, forms)
    if (change.kind === 'revoke') {
      await tokens.revoke(change.id, owner)
      onChange(`revoked the token ${change.id}`)
      return isData ? replyData({}) : redirect('/tokens')
    }
    made = await tokens.create(wantedToken(grant, change))
    onChange(`made the token ${made.id} for ${made.login}`)
    if (isData) return replyData(made, { status: 201 })
  }
  const data = { tokens: await tokens.list(owner) }
  const shown = { ...data, canCreate: grant.user !== undefined, isAdmin, made }
  return reply(asked, data, (view) => tokensPage({ ...shown, session: grant.session }, view))
}

/** A user makes tokens for itself; an administrator also for robots. */
function wantedToken(
  grant: Grant,
  { robot, ...rest }: Omit<NewToken, 'kind' | 'owner'> & { readonly robot: string | undefined },
): NewToken {
  const { user, isAdmin, name = '' } = grant
  if (user === undefined) {
    throw new DeniedError(name, { reason: 'a token makes no tokens; log in with a password' })
  }
  if (robot === undefined) return { ...rest, kind: 'user', owner: user }
  if (isAdmin === true) return { ...rest, kind: 'robot', owner: robot }
  throw new DeniedError(name, { reason: 'only administrators make tokens of robots' })
}

function requireAdmin({ isAdmin, name }: Grant): void {
  if (isAdmin === true) return
  if (name === undefined) throw new ChallengeError('Basic')
  const reason = 'no rule about all repositories (**) lets this sender administer them'
  throw new DeniedError(name, { reason })
}

function isChange({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

function notChanged(): StrakeError {
  return new StrakeError('UNSUPPORTED', 'Cannot serve the request: this page can only be read')
}

function reply(
  { isData, viewer, form }: AdminRequest,
  data: object,
  page: (view: Parameters<typeof tokensPage>[1]) => ReturnType<typeof tokensPage>,
): Response {
  if (isData) return replyData(data)
  return replyPage(page({ viewer, formToken: form.token }), { headers: form.headers })
}

import type { Exchange, Handler } from '#http'
import type {
  Access,
  FetchHandler,
  Grant,
  Registry,
  RegistryAdmin,
  RegistryEvent,
  RegistryLedger,
} from '#registry'
import { catalogScope, pullScope, pushScope } from '#registry/auth/scope'
import { everybody } from '#registry/server/access'
import { describeFailure } from '#registry/server/failure'
import { ChallengeError, TooManyError } from '#registry/server/refusals'
import type { PageAuth } from '#registry/session/page-auth'
import { adminPath, answerAdmin } from './admin/answer-admin.ts'
import { compareReferences } from './data/compare.ts'
import { openContents, showFiles } from './data/files.ts'
import { showHistory } from './data/history.ts'
import { showImage } from './data/image.ts'
import { listRepositories } from './data/repositories.ts'
import { showRepository } from './data/repository.ts'
import type { Source } from './data/source.ts'
import { LayerIndex } from './files/layer-index.ts'
import { createForms, type Forms, type FormToken } from './form.ts'
import type { Html } from './html.ts'
import { answerLogin, answerLogout } from './login/sign-in.ts'
import { loginFor } from './login/target.ts'
import { comparePage } from './pages/compare.ts'
import { failurePage } from './pages/failure.ts'
import { filesPage } from './pages/files.ts'
import { historyPage } from './pages/history.ts'
import { imagePage } from './pages/image.ts'
import type { Viewer } from './pages/layout.ts'
import { repositoriesPage } from './pages/repositories.ts'
import { repositoryPage } from './pages/repository.ts'
import { formatPlace, jsonPrefix, type Place, parsePlace } from './place.ts'
import { redirect, replyAsset, replyContents, replyData, replyPage } from './respond.ts'
import { rollBack } from './roll-back.ts'
import { icon, style } from './style.ts'

export interface WebParts {
  readonly registry: Registry
  readonly ledger: RegistryLedger
  /** Default: every sender may see everything. */
  readonly access?: Access | undefined
  /** Lets browsers sign in by a form, and replaces `access`. Default: browsers ask for a password. */
  readonly pages?: PageAuth | undefined
  /** The distribution API, which makes changes. Default: the page changes nothing. */
  readonly api?: FetchHandler | undefined
  /** What administrators may do. Default: nothing. */
  readonly admin?: RegistryAdmin | undefined
  /** Called with what an administrator, or a user with its tokens, has changed. */
  readonly onEvent?: ((event: RegistryEvent) => void) | undefined
}

interface Parts extends WebParts {
  readonly layers: LayerIndex
  readonly forms: Forms
}

/** Data for scripts, and the page that shows it. */
interface Shown {
  readonly data: object
  readonly page: () => Html
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Makes the web page of a registry, and the same data as JSON below `/api/v1`. */
export function createWeb(given: WebParts): Handler {
  const { pages } = given
  const parts: Parts = {
    ...given,
    access: pages?.access ?? given.access,
    layers: new LayerIndex(),
    forms: createForms(pages?.isSecure === true),
  }
  return async (request, exchange) => {
    const response = await answer(parts, request, exchange)
    if (request.method !== 'HEAD') return response
    return new Response(null, { status: response.status, headers: response.headers })
  }
}

async function answer(parts: Parts, request: Request, exchange: Exchange): Promise<Response> {
  const url = new URL(request.url)
  const isData = url.pathname.startsWith(`${jsonPrefix}/`)
  if (url.pathname === '/style.css') return replyAsset(style, 'text/css; charset=utf-8')
  if (url.pathname === '/icon.svg') return replyAsset(icon, 'image/svg+xml')
  try {
    const signed = await answerSignIn(parts, request, exchange)
    if (signed !== undefined) return signed
    const path = isData ? url.pathname.slice(jsonPrefix.length) : url.pathname
    const form = parts.forms.tokenOf(request)
    const own = adminPath(path)
    if (own !== undefined && parts.admin !== undefined) {
      const grant = (await parts.access?.(request, [], exchange)) ?? everybody
      const viewer = viewerOf(parts, grant, { host: url.host, form })
      const asked = { path: own, request, isData, grant, viewer, form }
      const onChange = (reason: string): void => tell(parts, exchange, reason)
      const { admin, ledger, forms } = parts
      return await answerAdmin({ admin, ledger, forms, onChange }, asked)
    }
    const place = parsePlace(path, url.searchParams)
    if (request.method === 'POST' && place?.kind === 'history' && parts.api && !isData) {
      return await answerForm({ ...parts, api: parts.api }, place, { request, exchange })
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return fail(isData, 405, 'Cannot serve the request: this page can only be read', {
        Allow: 'GET, HEAD',
      })
    }
    if (place === undefined) return fail(isData, 404, 'Cannot show this: there is no such page')
    const grant = await parts.access?.(request, [scopeOf(place)], exchange)
    if (place.kind === 'contents') {
      const { file, bytes } = await openContents(sourceOf(parts, request, grant), place)
      return replyContents(bytes, file)
    }
    const shown = await show(parts, place, { request, grant, host: url.host, form })
    return isData ? replyData(shown.data) : replyPage(shown.page(), { headers: shown.headers })
  } catch (error) {
    if (shouldSignIn(parts, request, { error, isData })) return redirect(loginFor(url))
    const { status, message, detail } = describeFailure(error)
    const reason = detail !== undefined && 'reason' in detail ? String(detail.reason) : undefined
    const text =
      reason === undefined || message.includes(reason) ? message : `${message}; ${reason}`
    return fail(isData, status, text, headersOf(error))
  }
}

async function answerSignIn(
  parts: Parts,
  request: Request,
  exchange: Exchange,
): Promise<Response | undefined> {
  const { pages, forms } = parts
  const { pathname } = new URL(request.url)
  if (pages === undefined) {
    if (pathname !== '/login') return undefined
    // Throws for a sender without a name, so that the browser asks for one.
    await parts.access?.(request, [], exchange)
    return redirect('/')
  }
  const onSignOutEverywhere = (user: string): void =>
    tell(parts, exchange, `ended all sessions of ${user}`)
  const own = { pages, forms, onSignOutEverywhere }
  if (pathname === '/login') return await answerLogin(own, request, exchange)
  return pathname === '/logout' ? await answerLogout(own, request, exchange) : undefined
}

/** Returns true for a page that a browser opens without a login. Programs send credentials at once. */
function shouldSignIn(
  { pages }: Parts,
  { method, headers }: Request,
  { error, isData }: { readonly error: unknown; readonly isData: boolean },
): boolean {
  const isRead = method === 'GET' || method === 'HEAD'
  const isBrowser = isRead && !isData && !headers.has('Authorization')
  return pages !== undefined && isBrowser && error instanceof ChallengeError
}

/** Notes what an administrator, or a user with its tokens, has changed. */
function tell({ onEvent }: Parts, { address, principal }: Exchange, reason: string): void {
  const time = Date.now()
  onEvent?.({ time, action: 'admin', principal: principal?.name, address, status: 200, reason })
}

function scopeOf(place: Place): string {
  return place.kind === 'repositories' ? catalogScope : pullScope(place.name)
}

interface Asked {
  readonly request: Request
  readonly grant: Grant | undefined
  readonly host: string
  readonly form: FormToken
}

async function show(
  parts: Parts,
  place: Exclude<Place, { kind: 'contents' }>,
  asked: Asked,
): Promise<Shown> {
  const { request, grant, form } = asked
  const viewer = viewerOf(parts, grant, asked)
  const headers = viewer.signOut === undefined ? undefined : form.headers
  const source = sourceOf(parts, request, grant)
  switch (place.kind) {
    case 'repositories': {
      const data = await listRepositories(source, place)
      return { data, page: () => repositoriesPage(data, place, viewer), headers }
    }
    case 'repository': {
      const data = await showRepository(source, place)
      return { data, page: () => repositoryPage(data, viewer), headers }
    }
    case 'image': {
      const data = await showImage(source, place)
      return { data, page: () => imagePage(data, viewer), headers }
    }
    case 'history': {
      const data = await showHistory(source, place)
      const token = (await mayPush(parts, grant, place.name)) ? form.token : undefined
      const page = () => historyPage(data, viewer, token)
      return { data, page, headers: token === undefined ? headers : form.headers }
    }
    case 'files': {
      const data = await showFiles(source, place)
      return { data, page: () => filesPage(data, viewer), headers }
    }
    case 'compare': {
      const data = await compareReferences(source, place)
      return { data, page: () => comparePage(data, viewer), headers }
    }
  }
}

function viewerOf(
  { access, admin }: Parts,
  grant: Grant | undefined,
  { host, form }: Pick<Asked, 'host' | 'form'>,
): Viewer {
  const isAdmin = (access === undefined ? everybody : grant)?.isAdmin === true
  return {
    name: grant?.name,
    canLogin: access !== undefined,
    host,
    hasTokens: admin?.tokens !== undefined && (grant?.user !== undefined || isAdmin),
    isAdmin: admin !== undefined && isAdmin,
    signOut: grant?.session === undefined ? undefined : form.token,
  }
}

async function answerForm(
  { api, pages, forms }: Parts & { readonly api: FetchHandler },
  place: Extract<Place, { kind: 'history' }>,
  sent: { readonly request: Request; readonly exchange: Exchange },
): Promise<Response> {
  const { request } = sent
  const authorize = async (scope: string): Promise<string | undefined> =>
    request.headers.get('Authorization') ?? (await pages?.authorize(request, scope))
  const { status, message } = await rollBack(api, place, { ...sent, forms, authorize })
  if (message === undefined) return redirect(formatPlace({ ...place, before: undefined }))
  return fail(false, status, message, status === 401 ? askPassword : {})
}

async function mayPush(
  { api, access }: Parts,
  grant: Grant | undefined,
  name: string,
): Promise<boolean> {
  if (api === undefined) return false
  return access === undefined || (await grant?.may(pushScope(name))) === true
}

function sourceOf(parts: Parts, request: Request, grant: Grant | undefined): Source {
  const { registry, ledger, layers } = parts
  return { registry, ledger, layers, signal: request.signal, sees: seesOf(grant) }
}

function seesOf(grant: Grant | undefined): Source['sees'] {
  if (grant === undefined) return () => true
  return (name) => grant.sees?.(name) ?? grant.may(pullScope(name))
}

function fail(
  isData: boolean,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  if (isData) return replyData({ message }, { status, headers })
  return replyPage(failurePage(status, message), { status, headers })
}

/** A browser can send a name and a password, but knows no token service. */
const askPassword = { 'WWW-Authenticate': 'Basic realm="strake", charset="UTF-8"' }

function headersOf(error: unknown): Readonly<Record<string, string>> {
  if (error instanceof ChallengeError) return askPassword
  return error instanceof TooManyError ? { 'Retry-After': String(error.retryAfter) } : {}
}

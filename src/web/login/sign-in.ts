import type { Exchange } from '#http'
import { isStrakeError } from '#oci'
import { ChallengeError, TooManyError } from '#registry/server/refusals'
import type { PageAuth } from '#registry/session/page-auth'
import { readOwnForm } from '../admin/change-request.ts'
import type { Forms } from '../form.ts'
import { redirect, replyPage } from '../respond.ts'
import { browserName } from './browser-name.ts'
import { loginPage } from './login-page.ts'
import { targetOf } from './target.ts'

export interface SignInParts {
  readonly pages: PageAuth
  readonly forms: Forms
  /** Called with the user whose sessions have all ended. */
  readonly onSignOutEverywhere: (user: string) => void
}

/** Shows the form, and begins a session with a right password. */
export async function answerLogin(
  parts: SignInParts,
  request: Request,
  exchange: Exchange,
): Promise<Response> {
  if (request.method === 'POST') return await signIn(parts, request, exchange)
  const to = targetOf(new URL(request.url).searchParams.get('to'))
  if (await isSignedIn(parts, request, exchange)) return redirect(to)
  const { token, headers } = parts.forms.tokenOf(request)
  return replyPage(loginPage({ to, formToken: token }), { headers })
}

async function isSignedIn(
  { pages }: SignInParts,
  request: Request,
  exchange: Exchange,
): Promise<boolean> {
  try {
    return (await pages.access(request, [], exchange)).name !== undefined
  } catch (error) {
    if (error instanceof ChallengeError) return false
    throw error
  }
}

async function signIn(
  { pages, forms }: SignInParts,
  request: Request,
  exchange: Exchange,
): Promise<Response> {
  const fields = await forms.read(request)
  const to = targetOf(fields?.get('to') ?? null)
  const name = (fields?.get('name') ?? '').slice(0, 128)
  const refuse = (status: number, fault: string, more: Readonly<Record<string, string>> = {}) => {
    const { token, headers } = forms.tokenOf(request)
    const page = loginPage({ to, formToken: token, name, fault })
    return replyPage(page, { status, headers: { ...headers, ...more } })
  }
  if (fields === undefined) {
    const scheme = pages.isSecure ? ', and its address must begin with https:' : ''
    return refuse(403, `Cannot sign in: the browser must keep cookies of this page${scheme}`)
  }
  const label = browserName(request.headers.get('User-Agent'))
  try {
    const login = { name, password: fields.get('password') ?? '', label }
    const cookie = await pages.signIn(login, exchange)
    return withCookies(redirect(to), [cookie, ...Object.values(forms.renew().headers)])
  } catch (error) {
    if (error instanceof TooManyError) {
      return refuse(429, error.message, { 'Retry-After': String(error.retryAfter) })
    }
    if (!isStrakeError(error, 'UNAUTHORIZED')) throw error
    return refuse(403, 'Cannot sign in: the name or the password is wrong')
  }
}

/** Ends the session of the browser, and with `everywhere` all sessions of its user. */
export async function answerLogout(
  { pages, forms, onSignOutEverywhere }: SignInParts,
  request: Request,
  exchange: Exchange,
): Promise<Response> {
  const fields = await readOwnForm(request, forms, 'Cannot sign out')
  const grant = await pages.access(request, [], exchange)
  if (fields.has('everywhere') && grant.session !== undefined && grant.user !== undefined) {
    await pages.signOutEverywhere(grant.user)
    onSignOutEverywhere(grant.user)
  }
  const cookie = await pages.signOut(request)
  return withCookies(redirect('/'), [cookie, ...Object.values(forms.renew().headers)])
}

function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie)
  return response
}

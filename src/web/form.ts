import { contentType } from '#http'

/**
 * Forms that change something. A page of another site can send a form with the user's password, but
 * can neither read nor set the cookie of this one, and so does not know the token.
 */
export interface FormToken {
  readonly token: string
  /** Sets the cookie. */
  readonly headers: Readonly<Record<string, string>>
}

const cookie = 'strake-form'
const pattern = /(?:^|;\s*)strake-form=([0-9a-f]{64})(?=;|$)/
const mostBytes = 4096

/** Returns the token of the sender's browser, or a new one. */
export function formToken(request: Request): FormToken {
  const token = tokenOf(request) ?? randomToken()
  const value = `${cookie}=${token}; Path=/; HttpOnly; SameSite=Strict`
  return { token, headers: { 'Set-Cookie': value } }
}

/** Returns the fields of a form that a page of this server made, and `undefined` for any other body. */
export async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  const length = Number(request.headers.get('Content-Length') ?? Number.NaN)
  if (contentType(request) !== 'application/x-www-form-urlencoded') return undefined
  if (!(length <= mostBytes)) return undefined
  const fields = new URLSearchParams(await request.text())
  const token = tokenOf(request)
  return token !== undefined && fields.get('token') === token ? fields : undefined
}

function tokenOf(request: Request): string | undefined {
  return pattern.exec(request.headers.get('Cookie') ?? '')?.[1]
}

function randomToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
}

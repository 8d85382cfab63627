import { contentType } from '#http'
import { cookieName, formatCookie, readCookie } from '#registry/session/cookie'

/**
 * Forms that change something. A page of another site can send a form with the user's password, but
 * can neither read nor set the cookie of this one, and so does not know the token.
 */
export interface Forms {
  /** Returns the token of the sender's browser, or a new one. */
  tokenOf(request: Request): FormToken
  /** Returns another token, so that one from before a login is worth nothing after it. */
  renew(): FormToken
  /** Returns the fields of a form that a page of this server made, and `undefined` for any other body. */
  read(request: Request): Promise<URLSearchParams | undefined>
}

export interface FormToken {
  readonly token: string
  /** The header that sets the cookie; empty if the browser has it. */
  readonly headers: Readonly<Record<string, string>>
}

const cookie = 'strake-form'
const mostBytes = 4096

/** `isSecure`: browsers reach the page over HTTPS. */
export function createForms(isSecure: boolean): Forms {
  const known = (request: Request): string | undefined => {
    const token = readCookie(request, cookieName(cookie, isSecure))
    return token !== undefined && /^[0-9a-f]{64}$/.test(token) ? token : undefined
  }
  const renew = (): FormToken => {
    const token = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
    const value = formatCookie(cookie, token, { isSecure, sameSite: 'Strict' })
    return { token, headers: { 'Set-Cookie': value } }
  }
  return {
    renew,
    tokenOf(request) {
      const token = known(request)
      return token === undefined ? renew() : { token, headers: {} }
    },
    async read(request) {
      const length = Number(request.headers.get('Content-Length') ?? Number.NaN)
      if (contentType(request) !== 'application/x-www-form-urlencoded') return undefined
      if (!(length <= mostBytes)) return undefined
      const fields = new URLSearchParams(await request.text())
      const token = known(request)
      return token !== undefined && fields.get('token') === token ? fields : undefined
    },
  }
}

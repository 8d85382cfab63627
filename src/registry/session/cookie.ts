/** How browsers keep the cookies of the page. */
export interface CookieOptions {
  /** Browsers reach the server over HTTPS. */
  readonly isSecure: boolean
  /** `Lax` goes along when a link of another site opens a page, and `Strict` does not. */
  readonly sameSite: 'Lax' | 'Strict'
}

/**
 * Returns the name of a cookie. With the prefix, a browser takes the cookie only from this host over
 * HTTPS, so no other host of the same domain can set it.
 */
export function cookieName(name: string, isSecure: boolean): string {
  return isSecure ? `__Host-${name}` : name
}

/** Returns the value of a cookie, and `undefined` if there are none or several. */
export function readCookie({ headers }: Request, name: string): string | undefined {
  const values = (headers.get('Cookie') ?? '').split(';').flatMap((pair) => {
    const equals = pair.indexOf('=')
    return pair.slice(0, equals).trim() === name ? [pair.slice(equals + 1).trim()] : []
  })
  return values.length === 1 ? values[0] : undefined
}

/** Returns a `Set-Cookie` header; without a value, one that removes the cookie. */
export function formatCookie(
  name: string,
  value: string | undefined,
  { isSecure, sameSite }: CookieOptions,
): string {
  const parts = [`${cookieName(name, isSecure)}=${value ?? ''}`, 'Path=/', 'HttpOnly']
  if (value === undefined) parts.push('Max-Age=0')
  if (isSecure) parts.push('Secure')
  return [...parts, `SameSite=${sameSite}`].join('; ')
}

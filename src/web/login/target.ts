import { adminPath } from '../admin/answer-admin.ts'
import { formatPlace, parsePlace } from '../place.ts'

const origin = 'http://page'

/**
 * Returns the page that a browser opens after a login. The address is made anew from a page of this
 * server, so no text can lead to another one.
 */
export function targetOf(text: string | null): string {
  if (text === null || !URL.canParse(text, origin)) return '/'
  const url = new URL(text, origin)
  if (url.origin !== origin) return '/'
  const own = adminPath(url.pathname)
  if (own !== undefined) return own
  const place = parsePlace(url.pathname, url.searchParams)
  return place === undefined ? '/' : formatPlace(place)
}

/** Returns the address of the login that leads back to the page of a request. */
export function loginFor({ pathname, search }: URL): string {
  const to = targetOf(`${pathname}${search}`)
  return to === '/' ? '/login' : `/login?${new URLSearchParams({ to })}`
}

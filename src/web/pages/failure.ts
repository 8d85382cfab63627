import { type Html, html } from '../html.ts'
import { layout } from './layout.ts'

const titles: Readonly<Record<number, string>> = {
  401: 'Sign in',
  403: 'Not allowed',
  404: 'Not found',
  429: 'Too many requests',
}

export function failurePage(status: number, message: string): Html {
  const title = titles[status] ?? 'This did not work'
  const help = status === 401 ? html`<p><a href="/login">Sign in</a></p>` : undefined
  return layout({ title, body: html`<h1>${title}</h1><p>${message}.</p>${help}` })
}

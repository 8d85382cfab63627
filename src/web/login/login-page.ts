import { type Html, html } from '../html.ts'
import { layout } from '../pages/layout.ts'

export interface LoginPage {
  /** Where the browser goes after the login. */
  readonly to: string
  readonly formToken: string
  /** The name that was typed before. */
  readonly name?: string | undefined
  /** Why the login before did not work. */
  readonly fault?: string | undefined
}

export function loginPage({ to, formToken, name = '', fault }: LoginPage): Html {
  const marks =
    fault === undefined ? undefined : html` aria-invalid="true" aria-describedby="fault"`
  // The cursor waits where the next key belongs.
  const [inName, inPassword] =
    name === '' ? [html` autofocus`, undefined] : [undefined, html` autofocus`]
  const body = html`<h1>Sign in</h1>
${fault === undefined ? undefined : html`<p class="fault" id="fault" role="alert">${fault}.</p>`}
<form class="fields" method="post" action="/login">
<input type="hidden" name="token" value="${formToken}"><input type="hidden" name="to" value="${to}">
<label for="name">Name</label>
<input id="name" name="name" value="${name}" required maxlength="128" autocomplete="username" autocapitalize="none" spellcheck="false"${marks}${inName}>
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="1000" autocomplete="current-password"${marks}${inPassword}>
<button>Sign in</button></form>`
  return layout({ title: fault === undefined ? 'Sign in' : 'Sign in: it did not work', body })
}

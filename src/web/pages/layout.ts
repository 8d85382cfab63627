import { type Html, html, type Part } from '../html.ts'
import { formatPlace } from '../place.ts'

/** Who looks at a page, and under which name the server is reached. */
export interface Viewer {
  readonly name: string | undefined
  readonly canLogin: boolean
  readonly host: string
  /** The sender has, or sees, tokens. */
  readonly hasTokens?: boolean | undefined
  readonly isAdmin?: boolean | undefined
  /** The token of the form that ends the session; absent without one. */
  readonly signOut?: string | undefined
}

export interface Page {
  readonly title: string
  readonly viewer?: Viewer | undefined
  /** Links to the pages above this one. */
  readonly trail?: Part
  readonly body: Part
}

/** Puts the content of a page into the frame that all pages have. */
export function layout({ title, viewer, trail, body }: Page): Html {
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – strake registry</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="/icon.svg">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<a class="home" href="/">strake registry</a>
<form role="search" action="/" method="get">
<label class="hidden" for="q">Search repositories</label>
<input id="q" name="q" type="search" placeholder="Search repositories" maxlength="255" autocomplete="off">
<button>Search</button>
</form>
${viewer === undefined ? undefined : sender(viewer)}
</header>
${trail === undefined ? undefined : html`<nav aria-label="Breadcrumb"><ol class="trail">${trail}</ol></nav>`}
<main id="main" tabindex="-1">
${body}
</main>
</body>
</html>
`
}

function sender({ name, canLogin, hasTokens, isAdmin, signOut }: Viewer): Html {
  const links = [
    ...(hasTokens === true ? [html`<a href="/tokens">Tokens</a>`] : []),
    ...(isAdmin === true ? [html`<a href="/admin">Administration</a>`] : []),
    ...(name === undefined && canLogin ? [html`<a href="/login">Sign in</a>`] : []),
  ]
  const signed = name === undefined ? undefined : html`<span>Signed in as <b>${name}</b></span>`
  return html`<div class="sender"><p>${signed}${links}</p>${
    signOut === undefined ? undefined : signOutForm(signOut)
  }</div>`
}

function signOutForm(token: string): Html {
  return html`<form method="post" action="/logout"><input type="hidden" name="token" value="${token}"><button>Sign out</button></form>`
}

/** Returns links to a repository and to the groups of repositories above it. */
export function trailTo(name: string, ...further: readonly Part[]): Part {
  const parts = name.split('/')
  const groups = parts.slice(0, -1).map((part, index) => {
    const under = parts.slice(0, index + 1).join('/')
    return html`<li><a href="${formatPlace({ kind: 'repositories', under })}">${part}</a></li>`
  })
  const own = html`<li><a href="${formatPlace({ kind: 'repository', name })}">${parts.at(-1)}</a></li>`
  return [
    html`<li><a href="/">repositories</a></li>`,
    groups,
    own,
    further.map((each) => html`<li aria-current="page">${each}</li>`),
  ]
}

import type { ListedToken, MadeToken, QuotaUse } from '#registry/admin/admin'
import type { Foreseen, ForeseenItem, LastCollection } from '#registry/collect/collector'
import { type Html, html } from '../html.ts'
import { layout, type Viewer } from '../pages/layout.ts'
import { counted, shortDigest, size, table, time } from '../pages/parts.ts'

/** Who may see what of the administration, and the token of forms. */
export interface AdminView {
  readonly viewer: Viewer
  readonly formToken: string
}

export interface TokensData {
  readonly tokens: readonly ListedToken[]
}

export interface TokensPage extends TokensData {
  /** The sender may make tokens for itself. */
  readonly canCreate: boolean
  readonly isAdmin: boolean
  /** The session of the browser that looks at the page. */
  readonly session?: string | undefined
  /** A token that was made just now. */
  readonly made?: MadeToken | undefined
}

export function tokensPage(data: TokensPage, { viewer, formToken }: AdminView): Html {
  const { tokens, canCreate, isAdmin, session, made } = data
  const title = isAdmin ? 'Tokens' : 'Your tokens'
  const columns = ['Label', 'Owner', 'Scopes', 'Made', 'Last used', 'Ends', 'Revoke']
  const rows = tokens.map((each) => tokenRow(each, formToken, each.id === session))
  const body = html`<h1>${title}</h1>
${made === undefined ? undefined : madeNote(made)}
${tokens.length === 0 ? html`<p>No tokens.</p>` : table('Tokens', columns, rows)}
${viewer.signOut === undefined ? undefined : signOutForm(formToken)}
${canCreate ? tokenForm(isAdmin, formToken) : html`<p>Sign in with a password to make tokens.</p>`}`
  return layout({ title, viewer, body })
}

function madeNote({ id, text, login }: MadeToken): Html {
  return html`<section class="note" role="status"><h2>Token ${id}</h2>
<p>Log in as <b>${login}</b> with this password. It is shown only now.</p>
<p><code>${text}</code></p></section>`
}

/** What a token is that a login has made. */
const logins: Partial<Record<ListedToken['kind'], string>> = {
  refresh: ' (login of a client)',
  session: ' (signed in to this page)',
}

function tokenRow(
  { id, kind, owner, label, scopes, createdAt, usedAt, expiresAt }: ListedToken,
  formToken: string,
  isOwnSession: boolean,
): Html {
  const name = label === '' ? id : label
  return html`<tr>
<th scope="row">${name}${isOwnSession ? ' (this browser)' : logins[kind]}</th>
<td>${kind === 'robot' ? `robot+${owner}` : owner}</td>
<td>${scopes === undefined ? 'all' : scopes.map((scope) => html`<code>${scope}</code> `)}</td>
<td>${time(createdAt)}</td><td>${time(usedAt)}</td>
<td>${expiresAt === undefined ? 'never' : time(expiresAt)}</td>
<td><form method="post" action="/tokens"><input type="hidden" name="token" value="${formToken}">
<input type="hidden" name="revoke" value="${id}"><button>Revoke<span class="hidden"> ${name}</span></button></form></td>
</tr>`
}

function signOutForm(formToken: string): Html {
  return html`<section><h2>Sessions</h2>
<form method="post" action="/logout"><input type="hidden" name="token" value="${formToken}">
<button name="everywhere" value="yes">Sign out in all browsers</button></form></section>`
}

function tokenForm(isAdmin: boolean, formToken: string): Html {
  return html`<section><h2>Make a token</h2>
<form class="fields" method="post" action="/tokens"><input type="hidden" name="token" value="${formToken}">
<label for="label">Label</label><input id="label" name="label" maxlength="128" autocomplete="off">
<label for="scopes">Scopes, such as team/**:pull,push; empty: everything that you may do</label>
<input id="scopes" name="scopes" maxlength="1000" autocomplete="off">
<label for="days">Days until it ends; empty: never</label>
<input id="days" name="days" inputmode="numeric" pattern="[0-9]{1,4}" maxlength="4" value="90" autocomplete="off">
${
  isAdmin
    ? html`<label for="robot">For a robot with this name; empty: for you</label>
<input id="robot" name="robot" maxlength="128" autocomplete="off">`
    : undefined
}
<button name="make" value="yes">Make a token</button></form></section>`
}

export interface AdminData {
  readonly quotas: readonly QuotaUse[]
  readonly usage: {
    readonly repositories: number
    readonly manifests: number
    readonly tags: number
    readonly bytes: number
  }
  readonly collection: {
    readonly isRunning: boolean
    readonly interval?: number | undefined
    readonly last?: LastCollection | undefined
  }
}

export function adminPage(
  { quotas, usage, collection, hasCaches }: AdminData & { readonly hasCaches: boolean },
  { viewer }: AdminView,
): Html {
  const rows = quotas.map(
    ({
      of,
      bytes,
      used,
    }) => html`<tr><th scope="row">${of}</th><td class="number">${size(used)}</td>
<td class="number">${size(bytes)}</td>
<td><meter min="0" max="${bytes}" high="${Math.floor(bytes * 0.8)}" value="${Math.min(used, bytes)}">${percent(used, bytes)}</meter> ${percent(used, bytes)}</td></tr>`,
  )
  const body = html`<h1>Administration</h1>
<dl><dt>Repositories</dt><dd>${usage.repositories}</dd><dt>Manifests</dt><dd>${usage.manifests}</dd>
<dt>Tags</dt><dd>${usage.tags}</dd><dt>Content</dt><dd>${size(usage.bytes)}</dd></dl>
<section><h2>Quotas</h2>
${quotas.length === 0 ? html`<p>The configuration has none.</p>` : table('Quotas', ['Of', 'Used', 'Limit', 'Part'], rows)}</section>
<section><h2>Collection</h2><p>${describeCollection(collection)}</p>
<p><a href="/admin/collection">What a collection would remove now</a></p></section>
${hasCaches ? html`<p><a href="/admin/cache">Caches of other registries</a></p>` : undefined}`
  return layout({ title: 'Administration', viewer, body })
}

function percent(used: number, bytes: number): string {
  return bytes === 0 ? '–' : `${Math.round((used / bytes) * 100)} %`
}

function describeCollection({ isRunning, interval, last }: AdminData['collection']): Html {
  const often =
    interval === undefined
      ? 'The server collects only when it is told to.'
      : `The server collects every ${Math.round(interval / 60_000)} minutes.`
  const now = isRunning ? html` <b>A collection is running.</b>` : undefined
  if (last === undefined) return html`${often}${now}`
  const { at, hasFailed, tags, manifests, blobs, bytes } = last
  const what = hasFailed
    ? 'could not go on'
    : `removed ${counted(tags, 'tag')}, ${counted(manifests, 'manifest')} and ${counted(blobs, 'blob')}, and freed ${size(bytes)}`
  return html`${often}${now} The last one, ${time(at)}, ${what}.`
}

export function collectionPage(
  { tags, manifests, blobs, bytes, first }: Foreseen,
  { viewer, formToken }: AdminView,
): Html {
  const title = 'What a collection would remove now'
  const count = tags + manifests + blobs
  const body = html`<h1>${title}</h1>
<p>${counted(tags, 'tag')} by retention, ${counted(manifests, 'manifest')} and ${counted(blobs, 'blob')} of ${size(bytes)}. What only they hold goes later.</p>
<form method="post" action="/admin/collection"><input type="hidden" name="token" value="${formToken}">
<button>Start a collection</button></form>
${count === 0 ? undefined : table('The first of them', ['Repository', 'Kind', 'What', 'Size'], first.map(itemRow))}
${count > first.length ? html`<p>And ${count - first.length} more.</p>` : undefined}`
  const trail = html`<li><a href="/admin">administration</a></li><li aria-current="page">collection</li>`
  return layout({ title, viewer, trail, body })
}

function itemRow(item: ForeseenItem): Html {
  return html`<tr><th scope="row">${item.repository}</th><td>${item.kind}</td>
<td>${item.kind === 'tag' ? item.tag : shortDigest(item.digest)}</td>
<td class="number">${item.kind === 'tag' ? '–' : size(item.size)}</td></tr>`
}

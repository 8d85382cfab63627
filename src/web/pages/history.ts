import type { TagMove } from '#registry'
import type { ShownHistory } from '../data/history.ts'
import { type Html, html, type Part } from '../html.ts'
import { formatPlace } from '../place.ts'
import { layout, trailTo, type Viewer } from './layout.ts'
import { shortDigest, table, time } from './parts.ts'

/** `token` is present for a sender that may roll back. */
export function historyPage(
  { name, tag, moves, next }: ShownHistory,
  viewer: Viewer,
  token?: string,
): Html {
  const title = `History of ${name}:${tag}`
  const more = next && formatPlace({ kind: 'history', name, tag, before: next })
  const current = moves[0]?.digest
  const rows = moves.map((move) => {
    const to = move.digest === current ? undefined : move.digest
    const form = token && to ? rollBackForm({ name, tag, digest: to, token }) : undefined
    return row(name, move, token && html`<td>${form}</td>`)
  })
  const columns = ['When', 'By', 'Moved to', 'From']
  const body = html`<h1>${title}</h1>
${table('Moves of the tag', token === undefined ? columns : [...columns, 'Roll back'], rows)}
${more === undefined ? undefined : html`<p><a rel="next" href="${more}">Earlier moves</a></p>`}`
  return layout({ title, viewer, trail: trailTo(name, tag), body })
}

interface RollBack {
  readonly name: string
  readonly tag: string
  readonly digest: string
  readonly token: string
}

function rollBackForm({ name, tag, digest, token }: RollBack): Html {
  return html`<form method="post" action="${formatPlace({ kind: 'history', name, tag })}">
<input type="hidden" name="token" value="${token}"><input type="hidden" name="digest" value="${digest}">
<button>Roll back<span class="hidden"> ${tag} to ${digest}</span></button></form>`
}

function row(name: string, { digest, previous, movedAt, movedBy }: TagMove, cell: Part): Html {
  const link = (to: string): Html =>
    html`<a href="${formatPlace({ kind: 'image', name, reference: to })}">${shortDigest(to)}</a>`
  return html`<tr>
<td>${time(movedAt)}</td>
<td>${movedBy ?? '–'}</td>
<td>${digest === undefined ? 'removed' : link(digest)}</td>
<td>${previous === undefined ? '–' : link(previous)}</td>${cell}</tr>`
}

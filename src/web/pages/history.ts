import type { TagMove } from '#registry'
import type { ShownHistory } from '../data/history.ts'
import { type Html, html } from '../html.ts'
import { formatPlace } from '../place.ts'
import { layout, trailTo, type Viewer } from './layout.ts'
import { shortDigest, table, time } from './parts.ts'

export function historyPage({ name, tag, moves, next }: ShownHistory, viewer: Viewer): Html {
  const title = `History of ${name}:${tag}`
  const more = next && formatPlace({ kind: 'history', name, tag, before: next })
  const rows = moves.map((move) => row(name, move))
  const body = html`<h1>${title}</h1>
${table('Moves of the tag', ['When', 'By', 'Moved to', 'From'], rows)}
${more === undefined ? undefined : html`<p><a rel="next" href="${more}">Earlier moves</a></p>`}`
  return layout({ title, viewer, trail: trailTo(name, tag), body })
}

function row(name: string, { digest, previous, movedAt, movedBy }: TagMove): Html {
  const link = (to: string): Html =>
    html`<a href="${formatPlace({ kind: 'image', name, reference: to })}">${shortDigest(to)}</a>`
  return html`<tr>
<td>${time(movedAt)}</td>
<td>${movedBy ?? '–'}</td>
<td>${digest === undefined ? 'removed' : link(digest)}</td>
<td>${previous === undefined ? '–' : link(previous)}</td></tr>`
}

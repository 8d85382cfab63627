import type { ListedCache } from '#registry/admin/admin'
import { type Html, html } from '../html.ts'
import { layout } from '../pages/layout.ts'
import { counted, shortDigest, size, table, time } from '../pages/parts.ts'
import { formatPlace } from '../place.ts'
import type { AdminView } from './pages.ts'

export function cachePage(
  { bytes, maxSize, manifests, first }: ListedCache,
  { viewer, formToken }: AdminView,
): Html {
  const rows = first.map(
    ({ repository, digest, tags, usedAt, pinnedBy }) => html`<tr>
<th scope="row"><a href="${formatPlace({ kind: 'image', name: repository, reference: digest })}">${repository}</a></th>
<td>${tags.length === 0 ? '–' : tags.join(', ')}</td><td>${shortDigest(digest)}</td>
<td>${time(usedAt)}</td><td>${pinnedBy ?? '–'}</td></tr>`,
  )
  const limit = maxSize === undefined ? 'without a limit' : `at most ${size(maxSize)}`
  const body = html`<h1>Caches of other registries</h1>
<p>${counted(manifests, 'manifest')}, ${size(bytes)} with blobs, ${limit}.</p>
<form class="fields" method="post" action="/admin/cache"><input type="hidden" name="token" value="${formToken}">
<label for="days">Remove what was not pulled for so many days</label>
<input id="days" name="days" inputmode="numeric" pattern="[0-9]{1,4}" maxlength="4" required autocomplete="off">
<button>Remove</button></form>
${rows.length === 0 ? undefined : table('Those that were pulled last', ['Repository', 'Tags', 'Digest', 'Last pull', 'Kept by'], rows)}
${manifests > first.length ? html`<p>And ${manifests - first.length} more.</p>` : undefined}`
  const trail = html`<li><a href="/admin">administration</a></li><li aria-current="page">caches</li>`
  return layout({ title: 'Caches', viewer, trail, body })
}

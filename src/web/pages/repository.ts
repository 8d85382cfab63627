import type { ShownRepository, ShownTag } from '../data/repository.ts'
import { type Html, html } from '../html.ts'
import { formatPlace } from '../place.ts'
import { layout, trailTo, type Viewer } from './layout.ts'
import { shortDigest, size, table, time } from './parts.ts'

const columns = ['Tag', 'Digest', 'Size', 'Platforms', 'Moved', 'Last pull', 'History']

export function repositoryPage(data: ShownRepository, viewer: Viewer): Html {
  const { name, tags, untagged, next } = data
  const more = next && formatPlace({ kind: 'repository', name, after: next })
  const body = html`<h1>${name}</h1>
${
  tags.length === 0
    ? html`<p>No tags.</p>`
    : table(
        'Tags',
        columns,
        tags.map((tag) => row(name, tag)),
      )
}
${more === undefined ? undefined : html`<p><a rel="next" href="${more}">More tags</a></p>`}
${tags.length < 2 ? undefined : comparison(name, tags)}
${untagged.length === 0 ? undefined : manifests(data)}`
  return layout({ title: name, viewer, trail: trailTo(name), body })
}

function row(name: string, tag: ShownTag): Html {
  const { digest, movedAt, movedBy, pulledAt, platforms } = tag
  return html`<tr>
<th scope="row"><a href="${formatPlace({ kind: 'image', name, reference: tag.name })}">${tag.name}</a></th>
<td>${shortDigest(digest)}</td>
<td class="number">${size(tag.size)}</td>
<td>${platforms.length === 0 ? '–' : platforms.join(', ')}</td>
<td>${time(movedAt)}${movedBy === undefined ? undefined : html` by ${movedBy}`}</td>
<td>${time(pulledAt)}</td>
<td><a href="${formatPlace({ kind: 'history', name, tag: tag.name })}">History<span class="hidden"> of ${tag.name}</span></a></td>
</tr>`
}

function manifests({ name, untagged }: ShownRepository): Html {
  return html`<section><h2>Manifests</h2><ul>${untagged.map(
    ({ digest, mediaType }) =>
      html`<li><a href="${formatPlace({ kind: 'image', name, reference: digest })}">${shortDigest(digest)}</a> ${mediaType}</li>`,
  )}</ul></section>`
}

/** Links to comparisons of tags that are next to each other. */
function comparison(name: string, tags: readonly ShownTag[]): Html {
  const links = tags.slice(1).map((tag, index) => {
    const older = tags[index]?.name ?? tag.name
    const href = formatPlace({ kind: 'compare', name, reference: older, other: tag.name })
    return html`<li><a href="${href}">${older} with ${tag.name}</a></li>`
  })
  return html`<details><summary>Compare neighbouring tags</summary><ul>${links}</ul></details>`
}

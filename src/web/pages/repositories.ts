import type { Repositories } from '../data/repositories.ts'
import { type Html, html } from '../html.ts'
import { formatPlace, type Place } from '../place.ts'
import { layout, type Viewer } from './layout.ts'

export function repositoriesPage(
  { names, next }: Repositories,
  place: Extract<Place, { kind: 'repositories' }>,
  viewer: Viewer,
): Html {
  const { query, under } = place
  const what = under === undefined ? 'Repositories' : `Repositories below ${under}`
  const title = query === undefined ? what : `${what} with “${query}”`
  const more = next === undefined ? undefined : formatPlace({ ...place, after: next })
  const body = html`<h1>${title}</h1>
${names.length === 0 ? html`<p>${emptyText(place, more)}</p>` : undefined}
<ul class="names">${names.map(
    (name) => html`<li><a href="${formatPlace({ kind: 'repository', name })}">${name}</a></li>`,
  )}</ul>
${more === undefined ? undefined : html`<p><a rel="next" href="${more}">More repositories</a></p>`}`
  return layout({ title, viewer, body })
}

function emptyText(
  { query, under }: { query?: string | undefined; under?: string | undefined },
  more: string | undefined,
): string {
  if (more !== undefined) return 'None so far; the search can go on.'
  if (query !== undefined || under !== undefined) return 'No repository that you may pull matches.'
  return 'This registry holds no repository that you may pull. A push makes the first one.'
}

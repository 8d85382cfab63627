import type { Digest } from '#oci'
import type { Comparison, FieldChange } from '../data/compare.ts'
import type { FileChange } from '../files/file-tree.ts'
import { type Html, html } from '../html.ts'
import { formatPlace } from '../place.ts'
import { layout, trailTo, type Viewer } from './layout.ts'
import { shortDigest, size, table } from './parts.ts'

export function comparePage(data: Comparison, viewer: Viewer): Html {
  const { name, reference, other, isSame, config, layers, files, count } = data
  const title = `${name}: ${reference} compared with ${other}`
  const { shared, removed, added } = layers
  const cut = files.length < count ? `; the first ${files.length} are shown` : ''
  const body = html`<h1>${title}</h1>
${isSame ? html`<p>Both are the same image.</p>` : undefined}
<section><h2>Configuration</h2>${config.length === 0 ? html`<p>No difference.</p>` : fields(config)}</section>
<section><h2>Layers</h2><p>${shared} in both, ${removed.length} only in ${reference}, ${added.length} only in ${other}</p>
<ul>${removed.map((digest) => layer(name, '−', digest))}${added.map((digest) => layer(name, '+', digest))}</ul></section>
<section><h2>Files</h2><p>${count} differ${cut}. Times alone are no difference.</p>
${files.length === 0 ? undefined : fileTable(data, files)}</section>`
  return layout({ title, viewer, trail: trailTo(name, 'comparison'), body })
}

function fields(config: readonly FieldChange[]): Html {
  const rows = config.map(
    ({ name, before, after }) =>
      html`<tr><th scope="row">${name}</th><td class="made">${before ?? '–'}</td><td class="made">${after ?? '–'}</td></tr>`,
  )
  return table('Configuration', ['Field', 'Before', 'After'], rows)
}

function layer(name: string, sign: string, digest: Digest): Html {
  const href = formatPlace({ kind: 'files', name, reference: digest, path: '' })
  return html`<li>${sign} <a href="${href}">${shortDigest(digest)}</a></li>`
}

function fileTable({ name, reference, other }: Comparison, files: readonly FileChange[]): Html {
  const rows = files.map((file) => {
    const { kind, path, attributes } = file
    const from = kind === 'removed' ? reference : other
    const href = formatPlace({ kind: 'files', name, reference: from, path })
    return html`<tr><td>${kind}</td><th scope="row"><a href="${href}">${path}</a></th>
<td class="number">${size(file.size)}</td><td>${attributes.join(', ')}</td></tr>`
  })
  return table('Files', ['Change', 'Path', 'Size', 'What'], rows)
}

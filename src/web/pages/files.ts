import { baseName, parentPath } from '#tar'
import type { ShownFiles } from '../data/files.ts'
import type { LayerFile } from '../files/layer-files.ts'
import { type Html, html } from '../html.ts'
import { formatPlace } from '../place.ts'
import { layout, trailTo, type Viewer } from './layout.ts'
import { shortDigest, size, table, time } from './parts.ts'

export function filesPage(data: ShownFiles, viewer: Viewer): Html {
  const { name, reference, path, platform, file, entries } = data
  const title = `/${path}`
  const of = `${name} ${reference}${platform === undefined ? '' : `, ${platform}`}`
  const body = html`<h1>${title}</h1>
<p>In ${of}</p>
${path === '' ? undefined : html`<p><a href="${linkTo(data, parentPath(path))}">Parent directory</a></p>`}
${entries === undefined ? undefined : directory(data, entries)}
${entries === undefined && file !== undefined ? single(data, file) : undefined}`
  const image = html`<a href="${linkTo(data, '')}">files of ${reference}</a>`
  return layout({ title: `${title} in ${of}`, viewer, trail: trailTo(name, image), body })
}

function linkTo({ name, reference }: ShownFiles, path: string): string {
  return formatPlace({ kind: 'files', name, reference, path })
}

function directory(data: ShownFiles, entries: readonly LayerFile[]): Html {
  const { name, reference, path, next } = data
  if (entries.length === 0) return html`<p>This directory is empty.</p>`
  const rows = entries.map(
    (file) => html`<tr>
<th scope="row"><a href="${linkTo(data, file.path)}">${baseName(file.path)}${file.type === 'directory' ? '/' : ''}</a>${
      file.target === undefined ? undefined : html` → ${file.target}`
    }</th>
<td><code>${modeOf(file)}</code></td><td class="number">${file.uid}:${file.gid}</td>
<td class="number">${file.type === 'file' ? size(file.size) : '–'}</td><td>${time(file.mtime * 1000)}</td>
<td>${shortDigest(file.layer)}</td></tr>`,
  )
  const more = next && formatPlace({ kind: 'files', name, reference, path, skip: next })
  return html`${table('Files', ['Name', 'Mode', 'Owner', 'Size', 'Modified', 'Layer'], rows)}
${more === undefined ? undefined : html`<p><a rel="next" href="${more}">More entries</a></p>`}`
}

function single({ name, reference, path, text, isCut }: ShownFiles, file: LayerFile): Html {
  const contents = formatPlace({ kind: 'contents', name, reference, path })
  const hasContents = file.type === 'file' || file.type === 'hardlink'
  return html`<dl>
<dt>Type</dt><dd>${file.type}</dd>
${file.target === undefined ? undefined : html`<dt>Target</dt><dd>${file.target}</dd>`}
<dt>Mode</dt><dd><code>${modeOf(file)}</code></dd>
<dt>Owner</dt><dd>${file.uid}:${file.gid}</dd>
<dt>Size</dt><dd>${size(file.size)}</dd>
<dt>Modified</dt><dd>${time(file.mtime * 1000)}</dd>
<dt>Layer</dt><dd><code>${file.layer}</code></dd>
${file.digest === undefined ? undefined : html`<dt>Contents</dt><dd><code>${file.digest}</code></dd>`}
</dl>
${hasContents ? html`<p><a href="${contents}">Save the file</a></p>` : undefined}
${
  text === undefined
    ? undefined
    : html`${isCut ? html`<p>The beginning of the text:</p>` : undefined}<pre tabindex="0">
${text}</pre>`
}
${text === undefined && hasContents ? html`<p>This is no text.</p>` : undefined}`
}

function modeOf({ mode }: LayerFile): string {
  return mode.toString(8).padStart(4, '0')
}

import { type ImageConfig, type Index, isDigest, isLayerType, type RunConfig } from '#oci'
import type { ShownImage, ShownLayer } from '../data/image.ts'
import { describePlatform } from '../data/platform.ts'
import type { Referrer } from '../data/referrers.ts'
import { type Html, html, type Part } from '../html.ts'
import { formatPlace } from '../place.ts'
import { layout, trailTo, type Viewer } from './layout.ts'
import { pairs, shortDigest, size, table, time } from './parts.ts'

export function imagePage(data: ShownImage, viewer: Viewer): Html {
  const { name, reference, descriptor, index, manifest, config, layers, referrers } = data
  const full = isDigest(reference) ? `${name}@${reference}` : `${name}:${reference}`
  const isImage = index !== undefined || config !== undefined
  const body = html`<h1>${full}</h1>
<dl>
<dt>Digest</dt><dd><code>${descriptor.digest}</code></dd>
<dt>Type</dt><dd>${manifest?.artifactType ?? index?.artifactType ?? descriptor.mediaType}</dd>
${isDigest(reference) ? undefined : html`<dt>History</dt><dd><a href="${formatPlace({ kind: 'history', name, tag: reference })}">of this tag</a></dd>`}
${isImage ? html`<dt>Files</dt><dd><a href="${filesOf(name, reference)}">of this image</a></dd>` : undefined}
</dl>
${isImage ? commands(`${viewer.host}/${full}`) : undefined}
${isImage ? comparison(name, reference) : undefined}
${index === undefined ? undefined : platforms(name, index)}
${config === undefined ? undefined : configuration(config)}
${layers.length === 0 ? undefined : layerTable(name, layers)}
${pairs('Labels', config?.config?.Labels)}
${pairs('Annotations', manifest?.annotations ?? index?.annotations)}
${referrers.length === 0 ? undefined : html`<section><h2>Attached</h2>${tree(name, referrers)}</section>`}`
  return layout({
    title: full,
    viewer,
    trail: trailTo(name, isDigest(reference) ? shortDigest(reference) : reference),
    body,
  })
}

function commands(image: string): Html {
  const lines = [
    `docker pull ${image}`,
    `podman pull ${image}`,
    `strake pull ${image}`,
    `skopeo copy docker://${image} oci:image`,
  ]
  return html`<section><h2>Pull</h2><ul class="commands">${lines.map((line) => html`<li><code>${line}</code></li>`)}</ul></section>`
}

function platforms(name: string, { manifests }: Index): Html {
  const rows = manifests.map(
    ({ digest, platform, artifactType, annotations }) => html`<tr>
<th scope="row"><a href="${formatPlace({ kind: 'image', name, reference: digest })}">${
      platform === undefined || platform.os === 'unknown'
        ? (annotations?.['vnd.docker.reference.type'] ?? artifactType ?? 'no platform')
        : describePlatform(platform)
    }</a></th><td>${shortDigest(digest)}</td></tr>`,
  )
  return html`<section><h2>Platforms</h2>${table('Platforms', ['Platform', 'Digest'], rows)}</section>`
}

function configuration({ created, author, config = {}, ...platform }: ImageConfig): Html {
  const entries: readonly (readonly [string, Part])[] = [
    ['Platform', describePlatform(platform)],
    ['Created', created && time(created)],
    ['Author', author],
    ['User', config.User || undefined],
    ['Entrypoint', words(config.Entrypoint)],
    ['Command', words(config.Cmd)],
    ['Directory', config.WorkingDir || undefined],
    ['Ports', names(config.ExposedPorts)],
    ['Volumes', names(config.Volumes)],
    ['Stop signal', config.StopSignal],
    ['Environment', lines(config.Env)],
  ]
  const shown = entries.filter(([, value]) => value !== undefined)
  return html`<section><h2>Configuration</h2><dl>${shown.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl></section>`
}

function words(argv: RunConfig['Cmd']): Html | undefined {
  return argv && argv.length > 0 ? html`<code>${JSON.stringify(argv)}</code>` : undefined
}

function names(set: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return Object.keys(set ?? {}).join(', ') || undefined
}

function lines(values: readonly string[] | undefined): Html | undefined {
  if (values === undefined || values.length === 0) return undefined
  return html`<ul class="plain">${values.map((value) => html`<li><code>${value}</code></li>`)}</ul>`
}

/** A form that leads to the comparison with another tag or digest. */
function comparison(name: string, reference: string): Html {
  const action = `/repositories/${name}/-/compare/${reference}`
  return html`<form class="compare" action="${action}" method="get">
<label for="with">Compare with the tag or digest</label>
<input id="with" name="with" required maxlength="200" autocomplete="off"><button>Compare</button></form>`
}

function filesOf(name: string, reference: string): string {
  return formatPlace({ kind: 'files', name, reference, path: '' })
}

function layerTable(name: string, layers: readonly ShownLayer[]): Html {
  const rows = layers.map(
    ({ descriptor, createdBy }, index) => html`<tr>
<td class="number">${index + 1}</td>
<td class="made">${createdBy ?? descriptor.annotations?.['org.opencontainers.image.title'] ?? descriptor.mediaType}</td>
<td class="number">${size(descriptor.size)}</td>
<td>${isLayerType(descriptor.mediaType) ? html`<a href="${filesOf(name, descriptor.digest)}">${shortDigest(descriptor.digest)}</a>` : shortDigest(descriptor.digest)}</td></tr>`,
  )
  const total = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
  return html`<section><h2>Layers</h2><p>${layers.length} with ${size(total)} as stored</p>
${table('Layers', ['#', 'Made by', 'Size', 'Digest'], rows)}</section>`
}

function tree(name: string, referrers: readonly Referrer[]): Html {
  return html`<ul>${referrers.map(
    (each) =>
      html`<li><a href="${formatPlace({ kind: 'image', name, reference: each.digest })}">${
        each.artifactType ?? 'unknown type'
      }</a> ${shortDigest(each.digest)} ${size(each.size)}${
        each.referrers.length === 0 ? undefined : tree(name, each.referrers)
      }</li>`,
  )}</ul>`
}

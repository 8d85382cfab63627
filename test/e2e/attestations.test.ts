import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { serveStrakeRegistry, type TestServer } from './servers.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: attestations: ${reason}`)

const buildx = join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'docker-buildx')
const hasBuildx = existsSync(buildx)
if (!hasBuildx) console.info('skipped: attestations read by buildx: it is not built')

const dockerfile = [
  'FROM busybox AS build',
  'ARG VERSION=1',
  'RUN echo $VERSION > /version',
  'FROM busybox',
  'COPY --from=build /version /',
  'COPY node_modules /node_modules',
].join('\n')

describe.skipIf(reason !== undefined)('attestations', () => {
  let strake: Strake
  let server: TestServer
  let name: string
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    server = await serveStrakeRegistry(strake)
    name = `${server.host}/app:1`
    const context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: dockerfile,
      'node_modules/used/package.json': '{"name":"used","version":"1.2.3"}',
    })
    const asked = ['--provenance=mode=max', '--sbom=true', '--build-arg', 'VERSION=2']
    await strake.ok('build', ...asked, '--push', '-t', name, context)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await strake[Symbol.asyncDispose]()
  })

  const inspect = async (...args: readonly string[]): Promise<string> =>
    await strake.ok('buildx', 'imagetools', 'inspect', name, ...args)

  const peer = async (...args: readonly string[]): Promise<string> => {
    const env = { HOME: strake.env['HOME'] ?? '', DOCKER_CONFIG: strake.env['DOCKER_CONFIG'] ?? '' }
    const found = await command([buildx, 'imagetools', 'inspect', name, ...args], { env })
    if (found.exitCode !== 0) throw new Error(found.stderr)
    return found.stdout.trim()
  }

  test('of a pushed image are shown by imagetools inspect', async () => {
    const provenance = JSON.parse(await inspect('--format', '{{json .Provenance.SLSA}}'))
    const { externalParameters, resolvedDependencies } = provenance.buildDefinition
    expect(externalParameters.request.args).toEqual({ 'build-arg:VERSION': '2' })
    expect(resolvedDependencies).toEqual([
      {
        uri: expect.stringMatching(/^pkg:docker\/busybox@latest\?platform=linux%2F/),
        digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ])
    const sbom = JSON.parse(await inspect('--format', '{{json .SBOM.SPDX}}'))
    expect(sbom.packages.map((each: { name: string }) => each.name)).toEqual(['sbom', 'used'])
    const index = JSON.parse(await inspect('--raw'))
    expect(index.manifests[1].platform).toEqual({ architecture: 'unknown', os: 'unknown' })
    expect(await inspect()).toContain('vnd.docker.reference.type:   attestation-manifest')
  })

  test.skipIf(!hasBuildx)('are read by buildx as by strake', async () => {
    for (const format of [
      '{{json .Provenance}}',
      '{{json .SBOM}}',
      '{{json .Manifest}}',
      '{{.Manifest.Digest}} {{.Image.OS}} {{.Image.Config.Cmd}}',
      '{{json .Provenance.SLSA.runDetails.metadata.buildkit_completeness}}',
    ]) {
      expect([format, await inspect('--format', format)]).toEqual([
        format,
        await peer('--format', format),
      ])
    }
    // buildx prints annotations in any order.
    const lines = (text: string): readonly string[] =>
      text
        .split('\n')
        .map((line) => line.trim().replace(/\s+/g, ' '))
        .filter((line) => line !== '')
        .sort()
    expect(lines(await inspect())).toEqual(lines(await peer()))
    expect(await inspect('--raw')).toBe(await peer('--raw'))
  })

  test('do not keep an image from being pulled, run, saved and pushed again', async () => {
    await using other = await openStrake()
    await other.ok('pull', name)
    expect(await other.ok('run', '--rm', name, 'cat', '/version')).toBe('2')
    expect(await strake.ok('run', '--rm', name, 'cat', '/version')).toBe('2')
    const archive = join(strake.directory, 'app.tar')
    await strake.ok('save', '-o', archive, name)
    await using third = await openStrake()
    await third.ok('load', '-i', archive)
    const again = `${server.host}/app:2`
    await third.ok('tag', name, again)
    await third.ok('push', again)
    const format = ['--format', '{{json .Provenance.SLSA.buildDefinition}}']
    expect(await strake.ok('buildx', 'imagetools', 'inspect', again, ...format)).toBe(
      await inspect(...format),
    )
  })

  test('lists packages with a syft of PATH, and says when there is none', async () => {
    const bin = join(strake.directory, 'bin')
    const text =
      '#!/bin/sh\ntree=$(echo "$2" | cut -c 5-)\nprintf \'{"spdxVersion":"SPDX-2.3","packages":[{"name":"%s"}]}\' "$(ls "$tree/node_modules")"\n'
    await writeContext(bin, { syft: text })
    await chmod(join(bin, 'syft'), 0o755)
    const files = join(strake.directory, 'files')
    const context = join(strake.directory, 'context')
    const args = ['build', '--sbom=generator=syft', '-o', files, context]
    const env = { PATH: `${bin}:${process.env['PATH']}` }
    expect(await strake.with({ env }, ...args)).toMatchObject({ exitCode: 0 })
    expect(await Bun.file(join(files, 'sbom.spdx.json')).json()).toMatchObject({
      predicate: { spdxVersion: 'SPDX-2.3', packages: [{ name: 'used' }] },
    })
    const absent = await strake.with({ env: { PATH: '/usr/bin:/bin' } }, ...args)
    expect(absent.stderr).toContain('Cannot list packages with syft: it is not in PATH')
  })
})

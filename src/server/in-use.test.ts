import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryStore } from '#content'
import { openSqliteFacts } from '#facts'
import { createLocalRegistry, openCollector } from '#registry'
import { collectSettings } from '#registry/config/content-rules'
import { parseConfig } from '#registry/config/parse-config'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../registry/testing/fixtures.ts'

const images = ['running', 'tagged', 'other', 'old'].map((name) =>
  manifest({ annotations: { name } }),
)

const text = `collect: { untagged: 7d, unused: 24h, inUseFile: in-use }
retention:
  - { repositories: ["**"], tags: [pr-*], keep: { newestPushed: 0 } }
`

test('a collection keeps what a cluster runs, and removes nothing when it cannot know that', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-in-use-'))
  try {
    let ago = 100 * 86_400_000
    await using facts = await openSqliteFacts(root, { now: () => Date.now() - ago })
    const content = createMemoryStore()
    const registry = createLocalRegistry(content, facts)
    const app = registry.repository('team/app')
    await app.write(emptyConfig.descriptor, fromBuffer(emptyConfig.raw))
    for (const { descriptor, raw } of images) await app.write(descriptor, fromBuffer(raw))
    const [running, tagged, other, old] = images.map(({ descriptor }) => descriptor)
    if (!running || !tagged || !other || !old) throw new TypeError('no fixture')
    await app.tag('pr-1', tagged)
    await app.tag('pr-2', other)
    ago = 0
    const settings = collectSettings(await parseConfig(text, join(root, 'registry.yml')))
    if (settings === undefined) throw new TypeError('no settings')
    let ended = Promise.withResolvers<unknown>()
    const { ledger, collection } = facts
    await using collector = openCollector(
      { facts, ledger, collection, content },
      { ...settings, interval: undefined },
      { onRound: (round) => ended.resolve(round), onError: (error) => ended.resolve(error) },
    )
    const collect = async (): Promise<unknown> => {
      ended = Promise.withResolvers()
      collector.start()
      const result = await ended.promise
      while (collector.state().isRunning) await new Promise((resolve) => setImmediate(resolve))
      return result
    }
    expect(await collect()).toMatchObject({ code: 'INVALID' })
    expect(collector.state().last).toMatchObject({ hasFailed: true })
    expect(await Array.fromAsync(app.tags())).toEqual(['pr-1', 'pr-2'])
    await Bun.write(
      join(root, 'in-use'),
      `registry.example.com/team/app@${running.digest}\nteam/app@${tagged.digest}\n`,
    )
    expect(await collector.foresee()).toMatchObject({
      tags: 1,
      manifests: 1,
      first: [
        { kind: 'tag', tag: 'pr-2' },
        { kind: 'manifest', digest: old.digest },
      ],
    })
    expect(await collect()).toMatchObject({ tags: 1, manifests: 1 })
    expect(await Array.fromAsync(app.tags())).toEqual(['pr-1'])
    expect(await Promise.all([running, tagged, old].map((each) => app.has(each)))).toEqual([
      ...[true, true, false],
    ])
  } finally {
    await rm(root, { recursive: true })
  }
})

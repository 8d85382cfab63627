import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeJson, mediaType } from '#oci'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { blob, manifest } from '../registry/testing/fixtures.ts'
import { openStoredRegistry, serveRegistry } from './registry.ts'
import { openBrowser } from './testing/browser.ts'

const chromium = Bun.which('chromium')
const name =
  chromium === null ? 'the page in a browser (skipped: no chromium)' : 'the page in a browser'

const evil = `"'></title></pre><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`

const layer = blob(
  new Uint8Array(await packTar([{ path: 'etc/text', body: Buffer.from(`${evil}\n`) }])),
  mediaType.ociLayer,
)

const [one, two] = ['1', '2'].map((version) => {
  const config = blob(
    encodeJson({
      architecture: 'amd64',
      os: 'linux',
      config: { User: evil, Env: [`V=${version}${'long'.repeat(100)}`], Labels: { [evil]: evil } },
      rootfs: { type: 'layers', diff_ids: [layer.descriptor.digest] },
      history: [{ created_by: `RUN ${evil} ${'x'.repeat(300)}` }],
    }),
    mediaType.ociConfig,
  )
  const annotations = { [evil]: evil }
  return [
    layer,
    config,
    manifest({ config: config.descriptor, layers: [layer.descriptor], annotations }),
  ]
})

const base = '/repositories/team/app/-'
const pages = [
  '/',
  `/?q=${encodeURIComponent(evil)}`,
  '/repositories/team/app',
  `${base}/image/v1`,
  `${base}/history/v1`,
  `${base}/files/v1`,
  `${base}/files/v1?path=etc/text`,
  `${base}/compare/old?with=v1`,
  '/repositories/absent',
]

describe.skipIf(chromium === null)(name, () => {
  test('runs no hostile code, fits narrow and wide windows, and rolls a tag back', async () => {
    const root = await mkdtemp(join(tmpdir(), 'strake-web-browser-'))
    try {
      await using served = await openStoredRegistry(root)
      await using server = await serveRegistry(served, { port: 0 })
      const app = served.registry.repository('team/app', { sender: evil })
      for (const [tag, content = []] of [
        ['old', one],
        ['v1', one],
        ['v1', two],
      ] as const) {
        for (const { descriptor, raw } of content) await app.write(descriptor, fromBuffer(raw))
        const last = content.at(-1)
        if (last !== undefined) await app.tag(tag, last.descriptor)
      }
      await using page = await openBrowser(chromium ?? '')
      for (const [width, scheme] of [
        [360, 'dark'],
        [1280, 'light'],
      ] as const) {
        await page.resize(width, scheme)
        for (const path of pages) {
          await page.open(`${server.url}${path}`)
          const seen = await page.evaluate(`({
            title: document.title === 'owned',
            markup: document.querySelectorAll('script, img, iframe, [onerror], [style]').length,
            wide: document.documentElement.scrollWidth > innerWidth,
            width: innerWidth,
            main: document.querySelectorAll('main, h1').length,
            dark: getComputedStyle(document.body).backgroundColor,
            unnamed: [...document.querySelectorAll('input:not([type=hidden])')]
              .filter((each) => each.labels.length === 0).length,
            foreign: performance.getEntriesByType('resource')
              .filter((each) => !each.name.startsWith(location.origin)).length,
          })`)
          expect([path, seen]).toEqual([
            path,
            {
              title: false,
              markup: 0,
              wide: false,
              width,
              main: 2,
              dark: scheme === 'dark' ? 'rgb(18, 22, 28)' : 'rgb(251, 251, 249)',
              unnamed: 0,
              foreign: 0,
            },
          ])
        }
      }
      // The policy refused nothing of the pages, so no hostile value became something to load.
      const refused = page.events.filter(
        ({ method, params }) =>
          method === 'Log.entryAdded' && /Content Security Policy/.test(JSON.stringify(params)),
      )
      expect(refused).toEqual([])

      await page.open(`${server.url}${base}/history/v1`)
      await page.evaluate(`document.querySelector('main form button').focus()`)
      await page.press('Enter', 13, '\r')
      const wanted = one?.at(-1)?.descriptor.digest
      for (let tries = 0; tries < 100; tries += 1) {
        if ((await app.resolve('v1')).digest === wanted) break
        await Bun.sleep(50)
      }
      expect((await app.resolve('v1')).digest).toBe(wanted ?? 'sha256:')
    } finally {
      await rm(root, { recursive: true })
    }
  }, 60_000)
})
